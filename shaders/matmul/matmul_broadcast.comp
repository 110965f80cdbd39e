// Matrix product with the register tile for software drivers (include/broadcast_tile.glsl):
//   y[r, y_offset + n] = (accumulate ? y[r, y_offset + n] : 0) + sum_k x[r, k] * w[n, k]
//   x [rows, x_stride] f32, w [outputs, inputs], y [rows, y_stride] f32; inputs and x_stride multiples of 8
// grid: (ceil(outputs / (lanes * columns)), ceil(rows / tile_rows), 1)
// variants: f32 f16 bf16
// requires: subgroup_broadcast
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_ballot : require

layout(set = 0, binding = 0) readonly buffer X { vec4 x[]; };
layout(set = 0, binding = 1) readonly buffer W { uvec4 w[]; };
layout(set = 0, binding = 2) buffer Y { float y[]; };

layout(push_constant) uniform Push {
  uint rows;
  uint outputs;
  uint inputs;
  uint x_stride;
  uint y_stride;
  uint y_offset;
} push;

#include "broadcast_tile.glsl"

layout(constant_id = 3) const uint accumulate = 0;

uint first_row;
uint first_column;

bool inside(uint i, uint j) { return first_row + i < push.rows && first_column + j * lanes < push.outputs; }
uint y_index(uint i, uint j) {
  return (first_row + i) * push.y_stride + push.y_offset + first_column + j * lanes;
}

void main() {
  first_row = gl_WorkGroupID.y * tile_rows;
  first_column = gl_WorkGroupID.x * lanes * columns + gl_LocalInvocationID.x;
  precise float acc[tile_rows][columns];
  clear_tile(acc);
  if (accumulate != 0)
    [[unroll]] for (uint i = 0; i < tile_rows; ++i)
      [[unroll]] for (uint j = 0; j < columns; ++j)
        if (inside(i, j)) acc[i][j] = y[y_index(i, j)];
  accumulate_tile(acc, first_row, push.rows, push.x_stride, first_column, push.outputs, push.inputs);
  [[unroll]] for (uint i = 0; i < tile_rows; ++i)
    [[unroll]] for (uint j = 0; j < columns; ++j)
      if (inside(i, j)) y[y_index(i, j)] = acc[i][j];
}
