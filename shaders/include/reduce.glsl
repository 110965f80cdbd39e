// Reductions over a workgroup of `workgroup_size` invocations (a multiple of 8, defined by the including shader)
// through shared memory: the order is fixed, so a sum has the same bits on every run, and no subgroup operation is
// needed. Every invocation must call; every invocation gets the result. Two levels and rolled loops keep barriers
// few, which is what software drivers pay for in compiling and in running.
#ifndef REDUCE_GLSL
#define REDUCE_GLSL

#extension GL_EXT_control_flow_attributes : require

const uint reduce_groups = workgroup_size / 8;
shared float reduce_values[workgroup_size];
shared float reduce_group_values[reduce_groups];

float workgroup_sum(float value) {
  const uint lane = gl_LocalInvocationIndex;
  reduce_values[lane] = value;
  barrier();
  if (lane < reduce_groups) {
    float sum = 0.0;
    [[dont_unroll]] for (uint i = lane; i < workgroup_size; i += reduce_groups) sum += reduce_values[i];
    reduce_group_values[lane] = sum;
  }
  barrier();
  float sum = 0.0;
  [[dont_unroll]] for (uint i = 0; i < reduce_groups; ++i) sum += reduce_group_values[i];
  return sum;
}

float workgroup_max(float value) {
  const uint lane = gl_LocalInvocationIndex;
  reduce_values[lane] = value;
  barrier();
  if (lane < reduce_groups) {
    float largest = value;
    [[dont_unroll]] for (uint i = lane; i < workgroup_size; i += reduce_groups) largest = max(largest, reduce_values[i]);
    reduce_group_values[lane] = largest;
  }
  barrier();
  float largest = reduce_group_values[0];
  [[dont_unroll]] for (uint i = 1; i < reduce_groups; ++i) largest = max(largest, reduce_group_values[i]);
  return largest;
}

#endif
