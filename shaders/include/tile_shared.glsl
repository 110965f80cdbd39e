// A tile of x w^T for GPUs: sixteen inputs of the tile's rows and columns at a time are staged in shared memory as
// f32, and every invocation keeps held_rows x held_columns sums in registers. No subgroup operation is needed.
//
// tile_broadcast.glsl has the same interface. The including shader declares `vec4 x[]` and `uvec4 w[]` and numbers
// its own specialisation constants from tile_constants on.
#ifndef TILE_SHARED_GLSL
#define TILE_SHARED_GLSL

#include "dequant.glsl"

layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(constant_id = 0) const uint column_lanes = 16;  // invocations that share a row
layout(constant_id = 1) const uint row_lanes = 8;      // invocations that share a column
layout(constant_id = 2) const uint held_rows = 4;      // per invocation
layout(constant_id = 3) const uint held_columns = 4;   // per invocation
#define tile_constants 4

// Sums indexed by a variable would leave the registers.
#define LOOP_OVER_SUMS [[unroll]]

const uint tile_rows = held_rows * row_lanes;
const uint tile_columns = held_columns * column_lanes;

// The place in the tile of this invocation's sums: neighbours hold neighbouring columns.
uint held_row(uint i) { return i * row_lanes + gl_LocalInvocationID.y; }
uint held_column(uint j) { return j * column_lanes + gl_LocalInvocationID.x; }

const uint stage = 16;  // inputs staged at a time
// One element of padding keeps the transposing stores off a single memory bank.
shared float x_stage[stage][tile_rows + 1];
shared float w_stage[stage][tile_columns + 1];

void stage_x(uvec2 origin, uint k, uint rows, uint x_stride, uint inputs) {
  const uint vectors = stage / 4;
  for (uint i = gl_LocalInvocationIndex; i < tile_rows * vectors; i += column_lanes * row_lanes) {
    const uint row = i / vectors;
    const uint begin = i % vectors * 4;
    const vec4 values =
        k + begin < inputs ? x[(min(origin.x + row, rows - 1) * x_stride + k + begin) / 4] : vec4(0.0);
    [[unroll]] for (uint c = 0; c < 4; ++c) x_stage[begin + c][row] = values[c];
  }
}

void stage_w(uvec2 origin, uint k, uint outputs, uint inputs) {
  const uint blocks = stage / 8;
  for (uint i = gl_LocalInvocationIndex; i < tile_columns * blocks; i += column_lanes * row_lanes) {
    const uint column = i / blocks;
    const uint begin = i % blocks * 8;
    float values[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (k + begin < inputs) {
      const uint row = min(origin.y + column, outputs - 1) * weight_row_units(inputs), block = (k + begin) / 8;
      read_weight_block(row, inputs, block, read_weight_scale(row, inputs, block), values);
    }
    [[unroll]] for (uint c = 0; c < 8; ++c) w_stage[begin + c][column] = values[c];
  }
}

// acc[i][j] += sum_k x[origin.x + held_row(i), k] * w[origin.y + held_column(j), k], over k in order, so that its bits
// do not depend on the tile. Rows and columns past the end repeat the last one: their sums mean nothing.
void accumulate_tile(inout float acc[held_rows][held_columns], uvec2 origin, uint rows, uint x_stride, uint outputs,
                     uint inputs) {
  for (uint k = 0; k < inputs; k += stage) {
    barrier();  // the previous stage may still be read
    stage_x(origin, k, rows, x_stride, inputs);
    stage_w(origin, k, outputs, inputs);
    barrier();
    for (uint s = 0; s < stage; ++s) {
      float weights[held_columns];
      [[unroll]] for (uint j = 0; j < held_columns; ++j) weights[j] = w_stage[s][held_column(j)];
      [[unroll]] for (uint i = 0; i < held_rows; ++i) {
        const float value = x_stage[s][held_row(i)];
        [[unroll]] for (uint j = 0; j < held_columns; ++j) acc[i][j] = fma(value, weights[j], acc[i][j]);
      }
    }
  }
}

#endif
