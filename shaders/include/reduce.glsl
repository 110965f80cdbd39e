// Reductions over a workgroup of `workgroup_size` invocations (a power of two, defined by the including shader)
// through shared memory: the order of additions is fixed, so the result has the same bits on every run, and
// no subgroup operation is needed. Every invocation must call; every invocation gets the result.
#ifndef REDUCE_GLSL
#define REDUCE_GLSL

shared float reduce_scratch[workgroup_size];

float workgroup_sum(float value) {
  const uint lane = gl_LocalInvocationIndex;
  barrier();  // a previous reduction may still be read
  reduce_scratch[lane] = value;
  for (uint width = workgroup_size / 2; width > 0; width /= 2) {
    barrier();
    if (lane < width) reduce_scratch[lane] += reduce_scratch[lane + width];
  }
  barrier();
  return reduce_scratch[0];
}

float workgroup_max(float value) {
  const uint lane = gl_LocalInvocationIndex;
  barrier();
  reduce_scratch[lane] = value;
  for (uint width = workgroup_size / 2; width > 0; width /= 2) {
    barrier();
    if (lane < width) reduce_scratch[lane] = max(reduce_scratch[lane], reduce_scratch[lane + width]);
  }
  barrier();
  return reduce_scratch[0];
}

#endif
