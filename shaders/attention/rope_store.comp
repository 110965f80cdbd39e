// Rotary position embedding of queries and keys (Su et al., "RoFormer"), in the half-rotation form, and the store
// into the cache. With (c, s) = table[position, i mod h], h = rotary_dim / 2, each head's element i < rotary_dim:
//   y[i] = x[i] c - x[i + h] s for i < h,   y[i] = x[i] c + x[i - h] s otherwise;   y[i] = x[i] beyond rotary_dim
//   qkv [rows, (heads + 2 kv_heads) head_dim], table [positions, rotary_dim / 2] of (cos, sin)
//   q [rows, heads head_dim]; keys, values [slots, kv_heads head_dim], row `slot` of the cache for each row
// Rows without a slot get zero queries and store nothing. Without stores_values, values are not read and stay.
// grid: (rows, 1, 1), one workgroup per row
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(constant_id = 0) const uint stores_values = 1;

layout(set = 0, binding = 0) readonly buffer Qkv { float qkv[]; };
layout(set = 0, binding = 1) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 2) readonly buffer Table { vec2 table[]; };
layout(set = 0, binding = 3) writeonly buffer Q { float q[]; };
layout(set = 0, binding = 4) writeonly buffer Keys { float keys[]; };
layout(set = 0, binding = 5) writeonly buffer Values { float values[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint heads;
  uint kv_heads;
  uint head_dim;
  uint rotary_dim;
} push;

// Element e of a row of rotated heads that starts at qkv[begin].
float rotated(uint begin, uint e, uint position) {
  const float x = qkv[begin + e];
  const uint i = e % push.head_dim;
  if (i >= push.rotary_dim) return x;
  const uint h = push.rotary_dim / 2;
  const bool first = i < h;
  const vec2 cos_sin = table[position * h + (first ? i : i - h)];
  const float partner = qkv[begin + (first ? e + h : e - h)];
  return x * cos_sin.x + (first ? -partner : partner) * cos_sin.y;
}

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint q_width = push.heads * push.head_dim;
  const uint kv_width = push.kv_heads * push.head_dim;
  const uint begin = row * (q_width + 2 * kv_width);
  const uint slot = rows[row].slot;
  const uint position = rows[row].position;
  for (uint e = gl_LocalInvocationIndex; e < q_width; e += gl_WorkGroupSize.x)
    q[row * q_width + e] = slot == none ? 0.0 : rotated(begin, e, position);
  if (slot == none) return;
  for (uint e = gl_LocalInvocationIndex; e < kv_width; e += gl_WorkGroupSize.x) {
    keys[slot * kv_width + e] = rotated(begin + q_width, e, position);
    if (stores_values != 0) values[slot * kv_width + e] = qkv[begin + q_width + kv_width + e];
  }
}
