// How much the value of each row has changed, and the store of the new one in the cache (dLLM-Cache's V-verify):
//   change[r] = |a / |a| - b / |b||^2 / 2, with a = v[r] and b = the cache's row before: 1 - cos(a, b), but exact where
//   the two are nearly the same; then the cache's row becomes a. A vector of no length counts as zeros.
//   v [rows, dim], values [slots, dim]; change, place [rows]
// Rows without a slot, and rows that keep their values, change by 0 and store nothing. The others' place[r] becomes
// `none`, to be set by compact_rows.
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

const uint workgroup_size = 64;
layout(local_size_x = 64) in;

#include "layouts.glsl"
#include "reduce.glsl"

layout(set = 0, binding = 0) readonly buffer V { float v[]; };
layout(set = 0, binding = 1) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 2) buffer Values { float values[]; };
layout(set = 0, binding = 3) writeonly buffer Change { float change[]; };
layout(set = 0, binding = 4) writeonly buffer Place { uint place[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
} push;

const float shortest = 1e-8;

float inverse_length(float squares) { return squares > 0.0 ? 1.0 / max(sqrt(squares), shortest) : 0.0; }

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint lane = gl_LocalInvocationIndex;
  const uint slot = rows[row].slot;
  if (slot == none || rows[row].keeps_values != 0) {
    if (lane == 0) change[row] = 0.0;
    return;
  }
  if (lane == 0) place[row] = none;
  const uint from = row * push.dim, to = slot * push.dim;
  precise float new_squares = 0.0, old_squares = 0.0;
  for (uint i = lane; i < push.dim; i += workgroup_size) {
    new_squares = fma(v[from + i], v[from + i], new_squares);
    old_squares = fma(values[to + i], values[to + i], old_squares);
  }
  const float new_scale = inverse_length(workgroup_sum(new_squares));
  const float old_scale = inverse_length(workgroup_sum(old_squares));
  precise float squares = 0.0;
  for (uint i = lane; i < push.dim; i += workgroup_size) {
    const float difference = v[from + i] * new_scale - values[to + i] * old_scale;
    squares = fma(difference, difference, squares);
    values[to + i] = v[from + i];
  }
  const float sum = workgroup_sum(squares);
  if (lane == 0) change[row] = 0.5 * sum;
}
