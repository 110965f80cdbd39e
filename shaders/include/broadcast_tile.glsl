// The register tile for software drivers: acc[i][j] = sum_k x[first_row + i, k] * w[first_column + lanes * j, k].
//
// One workgroup is one subgroup. A lane owns `columns` weight rows (n, n + lanes, ...) and keeps tile_rows x columns
// sums. On a CPU each lane's load is a scalar load behind branches, so a block of eight inputs is loaded once, each
// activation by one lane, and handed round with subgroupBroadcast; a block's eight steps run row by row, so that one
// row's sums stay in registers while the others rest on the stack.
//
// Every sum is taken over k in order by one invocation, so its bits do not depend on the tile.
// The including shader declares `vec4 x[]` and `uvec4 w[]` and its constants from id 3 on.
#ifndef BROADCAST_TILE_GLSL
#define BROADCAST_TILE_GLSL

#include "weight_block.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint lanes = 8;       // the device's subgroup size: 4 or 8
layout(constant_id = 1) const uint tile_rows = 32;  // rows of x per workgroup
layout(constant_id = 2) const uint columns = 8;     // columns of y per lane

// One row's share of a block of eight inputs; `lane` loaded its activations. A macro, because SPIR-V before 1.5 wants
// the broadcasting lane as a literal.
#define BROADCAST_STEP(lane, k, activation)                                          \
  {                                                                                  \
    const float value = subgroupBroadcast(activation, lane);                         \
    [[unroll]] for (uint j = 0; j < columns; ++j)                                    \
      acc[first + lane][j] = fma(value, weights[j][k], acc[first + lane][j]);        \
  }
#define BROADCAST_ROW(lane)                              \
  if (lane < lanes && first + lane < tile_rows) {        \
    BROADCAST_STEP(lane, 0, low.x)                       \
    BROADCAST_STEP(lane, 1, low.y)                       \
    BROADCAST_STEP(lane, 2, low.z)                       \
    BROADCAST_STEP(lane, 3, low.w)                       \
    BROADCAST_STEP(lane, 4, high.x)                      \
    BROADCAST_STEP(lane, 5, high.y)                      \
    BROADCAST_STEP(lane, 6, high.z)                      \
    BROADCAST_STEP(lane, 7, high.w)                      \
  }

void clear_tile(out float acc[tile_rows][columns]) {
  [[unroll]] for (uint i = 0; i < tile_rows; ++i)
    [[unroll]] for (uint j = 0; j < columns; ++j) acc[i][j] = 0.0;
}

// Rows and columns past the end repeat the last one: their sums are never used.
void accumulate_tile(inout float acc[tile_rows][columns], uint first_row, uint rows, uint x_stride, uint column,
                     uint outputs, uint inputs) {
  const uint row_groups = (tile_rows + lanes - 1) / lanes;
  uint x_begin[row_groups];
  [[unroll]] for (uint i = 0; i < row_groups; ++i)
    x_begin[i] = min(first_row + i * lanes + gl_LocalInvocationID.x, rows - 1) * x_stride / 4;
  uint w_begin[columns];
  [[unroll]] for (uint j = 0; j < columns; ++j)
    w_begin[j] = min(column + j * lanes, outputs - 1) * (inputs / 8) * block_words;

  for (uint block = 0; block < inputs / 8; ++block) {
    float weights[columns][8];
    [[unroll]] for (uint j = 0; j < columns; ++j) read_weight_block(w_begin[j] + block * block_words, weights[j]);
    [[unroll]] for (uint i = 0; i < row_groups; ++i) {
      const uint first = i * lanes;
      const vec4 low = x[x_begin[i] + 2 * block];
      const vec4 high = x[x_begin[i] + 2 * block + 1];
      BROADCAST_ROW(0)
      BROADCAST_ROW(1)
      BROADCAST_ROW(2)
      BROADCAST_ROW(3)
      BROADCAST_ROW(4)
      BROADCAST_ROW(5)
      BROADCAST_ROW(6)
      BROADCAST_ROW(7)
    }
  }
}

#endif
