// The weighted sum of the experts of each row:
//   y[r, i] = (accumulate ? y[r, i] : 0) + sum_j weights[r, j] * x[places[r, j], i], over j in order; a place of `none`
//   adds nothing
//   places and weights [rows, chosen], x [any, dim], y [rows, dim]
// grid: (ceil(dim / 64), rows, 1)
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint accumulate = 0;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer X { float x[]; };
layout(set = 0, binding = 1) readonly buffer Places { uint places[]; };
layout(set = 0, binding = 2) readonly buffer Weights { float weights[]; };
layout(set = 0, binding = 3) buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
  uint chosen;
} push;

void main() {
  const uint i = gl_GlobalInvocationID.x;
  const uint row = gl_WorkGroupID.y;
  if (i >= push.dim || row >= push.rows) return;
  precise float sum = 0.0;
  for (uint c = row * push.chosen; c < (row + 1) * push.chosen; ++c) {
    const uint place = places[c];
    if (place != none) sum = fma(weights[c], x[place * push.dim + i], sum);
  }
  const uint at = row * push.dim + i;
  y[at] = accumulate != 0 ? y[at] + sum : sum;
}
