// Classifier-free guidance on hidden rows; the head is linear, so this equals guiding the logits:
//   y[i, :] = c + g d with c = conditional[i, :], d = c - other[i, :],
//   g = sequences[candidates[i].sequence].guidance; y[i, :] = c for a candidate without an unconditional row
//   conditional, other, y [rows, dim], candidates [rows]
// With other_is_difference, d = other[i, :]: the same bits, if they are the difference of the same rows.
// grid: (rows, 1, 1), one workgroup per candidate
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(constant_id = 0) const uint other_is_difference = 0;

layout(set = 0, binding = 0) readonly buffer Conditional { float conditional[]; };
layout(set = 0, binding = 1) readonly buffer Other { float other[]; };
layout(set = 0, binding = 2) readonly buffer Candidates { Candidate candidates[]; };
layout(set = 0, binding = 3) readonly buffer Sequences { SequenceStep sequences[]; };
layout(set = 0, binding = 4) writeonly buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
} push;

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const bool guided = candidates[row].unconditional_row != none;
  float guidance = 0.0;
  if (guided) guidance = sequences[candidates[row].sequence].guidance;
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += gl_WorkGroupSize.x) {
    const uint at = row * push.dim + i;
    const float c = conditional[at];
    const float o = guided ? other[at] : c;
    precise const float difference = other_is_difference != 0 ? o : c - o;
    precise const float y_guided = c + guidance * difference;
    y[at] = guided ? y_guided : c;
  }
}
