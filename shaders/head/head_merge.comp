// Merges the partial distributions of each row over parts of the vocabulary, in an order that depends on their
// number only:
//   log_sum_exp = max + log(sum), entropy = log(sum) - weighted / sum
//   partials [rows, partial_count], stats [rows]
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

#include "head_partial.glsl"
#include "layouts.glsl"

const uint workgroup_size = 32;
layout(local_size_x = 32) in;

layout(set = 0, binding = 0) readonly buffer Partials { HeadPartial partials[]; };
layout(set = 0, binding = 1) writeonly buffer Stats { TokenStats stats[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint partial_count;
} push;

shared HeadPartial runs[workgroup_size];

// Each invocation merges a run of consecutive partials.
void merge_run(uint row, uint begin, uint end) {
  HeadPartial run = partials[row * push.partial_count + begin];
  for (uint i = begin + 1; i < end; ++i) run = merge(run, partials[row * push.partial_count + i]);
  runs[gl_LocalInvocationIndex] = run;
}

TokenStats finish(HeadPartial p) {
  const float log_sum = log(p.sum);
  return TokenStats(p.noised_token, p.noised_logit, p.best + log_sum, max(log_sum - p.weighted / p.sum, 0.0), p.token,
                    p.best, p.runner_up, p.noised);
}

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint length = (push.partial_count + workgroup_size - 1) / workgroup_size;
  const uint begin = gl_LocalInvocationIndex * length;
  if (begin < push.partial_count) merge_run(row, begin, min(begin + length, push.partial_count));
  barrier();
  if (gl_LocalInvocationIndex != 0) return;
  HeadPartial all = runs[0];
  for (uint i = 1; i * length < push.partial_count; ++i) all = merge(all, runs[i]);
  stats[row] = finish(all);
}
