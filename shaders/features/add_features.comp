// What a block adds to the residual stream, where some rows were computed and the others keep what they had:
//   f = y[place[r]], which is then kept; for rows without a place, f = features[slot of r] as it was kept
//   x[r] += f
//   y [any, dim], rows, place [rows], features [slots, dim], x [rows, dim]
// Rows without a slot stay as they are. With all_computed the place of row r is r.
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(constant_id = 0) const uint all_computed = 0;

layout(set = 0, binding = 0) readonly buffer Y { float y[]; };
layout(set = 0, binding = 1) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 2) readonly buffer Place { uint place[]; };
layout(set = 0, binding = 3) buffer Features { float features[]; };
layout(set = 0, binding = 4) buffer X { float x[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
} push;

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint slot = rows[row].slot;
  if (slot == none) return;
  const uint from = all_computed != 0 ? row : place[row];
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += gl_WorkGroupSize.x) {
    const uint kept = slot * push.dim + i;
    const float feature = from == none ? features[kept] : y[from * push.dim + i];
    if (from != none) features[kept] = feature;
    x[row * push.dim + i] += feature;
  }
}
