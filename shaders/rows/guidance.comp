// Classifier-free guidance on hidden rows; the head is linear, so this equals guiding the logits:
//   y[i, :] = u + (g + 1) (c - u) with c = conditional[i, :], u = unconditional[i, :],
//   g = sequences[candidates[i].sequence].guidance; y[i, :] = c for a candidate without an unconditional row
//   conditional, unconditional, y [rows, dim], candidates [rows]
// grid: (rows, 1, 1), one workgroup per candidate
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Conditional { float conditional[]; };
layout(set = 0, binding = 1) readonly buffer Unconditional { float unconditional[]; };
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
    const float u = guided ? unconditional[at] : c;
    y[at] = guided ? u + (guidance + 1.0) * (c - u) : c;
  }
}
