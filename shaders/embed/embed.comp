// Embedding lookup from one piece of the table, tokens [first_token, first_token + token_count):
//   x[r, :] = w[tokens[rows[r].slot] - first_token, :] when that token is in the piece
//   x [rows, dim] f32, w [token_count, dim], dim a multiple of 8; rows without a slot become zeros with the first piece
// grid: (rows, 1, 1), one workgroup per row
// variants: f32 f16 bf16 q8_0 q4_0 q4_k q6_k
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x = 64) in;

#include "layouts.glsl"

layout(set = 0, binding = 0) readonly buffer Tokens { uint tokens[]; };
layout(set = 0, binding = 1) readonly buffer Rows { Row rows[]; };
layout(set = 0, binding = 2) readonly buffer W { uvec4 w[]; };
layout(set = 0, binding = 3) writeonly buffer X { float x[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint dim;
  uint first_token;
  uint token_count;
} push;

#include "dequant.glsl"

void zero_row(uint begin) {
  for (uint i = gl_LocalInvocationIndex; i < push.dim; i += gl_WorkGroupSize.x) x[begin + i] = 0.0;
}

void copy_row(uint begin, uint table_row) {
  const uint first = table_row * weight_row_units(push.dim);
  for (uint block = gl_LocalInvocationIndex; block < push.dim / 8; block += gl_WorkGroupSize.x) {
    float values[8];
    read_weight_block(first, push.dim, block, read_weight_scale(first, push.dim, block), values);
    [[unroll]] for (uint i = 0; i < 8; ++i) x[begin + block * 8 + i] = values[i];
  }
}

void main() {
  const uint row = gl_WorkGroupID.x;
  if (row >= push.rows) return;
  const uint slot = rows[row].slot;
  if (slot == none) {
    if (push.first_token == 0) zero_row(row * push.dim);
    return;
  }
  const uint token = tokens[slot];
  // Unsigned wrap makes tokens before the piece fail the same test.
  if (token - push.first_token < push.token_count) copy_row(row * push.dim, token - push.first_token);
}
