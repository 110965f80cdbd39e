// How much a block attends to each of the other keys, without the softmax (Sparse-dLLM): for i < count of selection s,
//   scores[scores_begin + i] = mean[s, :] . keys[slot, :], slot = value_begin + i, and `gap` more from i = gap_begin on
//   mean [selections, dim], keys [slots, dim], scores [any]
// grid: (most keys of a selection, selections, 1), one workgroup per key
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 64;
layout(local_size_x = 64) in;

#include "layouts.glsl"
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer Mean { float mean[]; };
layout(set = 0, binding = 1) readonly buffer Keys { float keys[]; };
layout(set = 0, binding = 2) readonly buffer Selections { Selection selections[]; };
layout(set = 0, binding = 3) writeonly buffer Scores { float scores[]; };

layout(push_constant) uniform Push {
  uint selections;
  uint dim;
} push;

void main() {
  const uint i = gl_WorkGroupID.x, which = gl_WorkGroupID.y;
  if (which >= push.selections) return;
  const Selection s = selections[which];
  if (i >= s.count) return;
  const uint slot = s.value_begin + i + (i >= s.gap_begin ? s.gap : 0);
  precise float sum = 0.0;
  for (uint e = gl_LocalInvocationIndex; e < push.dim; e += workgroup_size)
    sum = fma(mean[which * push.dim + e], keys[slot * push.dim + e], sum);
  const float score = workgroup_sum(sum);
  if (gl_LocalInvocationIndex == 0) scores[s.scores_begin + i] = score;
}
