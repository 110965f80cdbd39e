// The arg-max over a workgroup, ties to the lower token, as reduce.glsl reduces. Every invocation must call; every
// invocation gets the result.
#ifndef ARG_MAX_GLSL
#define ARG_MAX_GLSL

#include "layouts.glsl"
#include "reduce.glsl"

struct Best {
  float score;
  uint token;
};

Best nothing_best() { return Best(uintBitsToFloat(0xFF800000u), none); }

Best better(Best a, Best b) { return b.score > a.score || (b.score == a.score && b.token < a.token) ? b : a; }

shared Best best_of_lane[workgroup_size];
shared Best best_of_group[reduce_groups];

Best workgroup_best(Best mine) {
  const uint lane = gl_LocalInvocationIndex;
  best_of_lane[lane] = mine;
  barrier();
  if (lane < reduce_groups) {
    Best best = mine;
    [[dont_unroll]] for (uint i = lane; i < workgroup_size; i += reduce_groups) best = better(best, best_of_lane[i]);
    best_of_group[lane] = best;
  }
  barrier();
  Best best = best_of_group[0];
  [[dont_unroll]] for (uint i = 1; i < reduce_groups; ++i) best = better(best, best_of_group[i]);
  return best;
}

#endif
