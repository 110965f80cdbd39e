// A tile of x w^T for software drivers. One workgroup is one subgroup; an invocation ("lane") holds all rows of the
// tile and every subgroup_size-th column.
//
// On a CPU a lane's load is a scalar load behind branches, so loads decide the speed: eight inputs are loaded at a
// time, each activation by one lane, which hands it round with subgroupBroadcast. The eight steps run row by row, so
// that the sums of one row stay in registers while the others rest on the stack. Loops over all sums are not
// unrolled: the branches of their loads and stores would take the driver's compiler seconds.
//
// tile_shared.glsl has the same interface. The including shader declares `vec4 x[]` and `uvec4 w[]` and numbers its
// own specialisation constants from tile_constants on.
#ifndef TILE_BROADCAST_GLSL
#define TILE_BROADCAST_GLSL

#include "dequant.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint subgroup_size = 8;  // the device's: 4 or 8
layout(constant_id = 1) const uint held_rows = 16;     // per invocation, here the whole tile's
layout(constant_id = 2) const uint held_columns = 8;   // per invocation
#define tile_constants 3

#define LOOP_OVER_SUMS [[dont_unroll]]

// Not constants of their own: glslang would give the specialisation constant the name of its alias.
#define tile_rows held_rows
#define column_lanes subgroup_size  // invocations that share a row
const uint row_lanes = 1;           // invocations that share a column
const uint tile_columns = held_columns * column_lanes;

// The place in the tile of this invocation's sums.
uint held_row(uint i) { return i; }
uint held_column(uint j) { return j * subgroup_size + gl_LocalInvocationID.x; }

// Macros, because SPIR-V before 1.5 wants the broadcasting lane as a literal. `lane` loaded the eight activations of
// row group_begin + lane in low and high.
#define BROADCAST_STEP(lane, k, activation)                                                                     \
  {                                                                                                             \
    const float value = subgroupBroadcast(activation, lane);                                                    \
    [[unroll]] for (uint j = 0; j < held_columns; ++j) sums[j] = fma(value, weights[j][k], sums[j]);            \
  }
#define BROADCAST_ROW(lane)                                                                                     \
  if (lane < subgroup_size && group_begin + lane < held_rows) {                                                 \
    precise float sums[held_columns];                                                                           \
    [[unroll]] for (uint j = 0; j < held_columns; ++j) sums[j] = acc[group_begin + lane][j];                    \
    BROADCAST_STEP(lane, 0, low.x)                                                                              \
    BROADCAST_STEP(lane, 1, low.y)                                                                              \
    BROADCAST_STEP(lane, 2, low.z)                                                                              \
    BROADCAST_STEP(lane, 3, low.w)                                                                              \
    BROADCAST_STEP(lane, 4, high.x)                                                                             \
    BROADCAST_STEP(lane, 5, high.y)                                                                             \
    BROADCAST_STEP(lane, 6, high.z)                                                                             \
    BROADCAST_STEP(lane, 7, high.w)                                                                             \
    [[unroll]] for (uint j = 0; j < held_columns; ++j) acc[group_begin + lane][j] = sums[j];                    \
  }

// acc[i][j] += sum_k x[origin.x + held_row(i), k] * w[origin.y + held_column(j), k], over k in order, so that its bits
// do not depend on the tile. Rows and columns past the end repeat the last one: their sums mean nothing.
void accumulate_tile(inout float acc[held_rows][held_columns], uvec2 origin, uint rows, uint x_stride, uint outputs,
                     uint inputs) {
  const uint groups = (held_rows + subgroup_size - 1) / subgroup_size;
  uint x_begin[groups];
  [[unroll]] for (uint i = 0; i < groups; ++i)
    x_begin[i] = min(origin.x + i * subgroup_size + gl_LocalInvocationID.x, rows - 1) * (x_stride / 4);
  uint w_begin[held_columns];
  [[unroll]] for (uint j = 0; j < held_columns; ++j)
    w_begin[j] = min(origin.y + held_column(j), outputs - 1) * weight_row_units(inputs);

  for (uint first = 0; first < inputs / 8; first += scale_blocks) {
    WeightScale scales[held_columns];
    [[unroll]] for (uint j = 0; j < held_columns; ++j) scales[j] = read_weight_scale(w_begin[j], inputs, first);
    // Counted from 0, or the driver would not see that formats without scales need no loop here.
    for (uint offset = 0; offset < scale_blocks; ++offset) {
      const uint block = first + offset;
      float weights[held_columns][8];
      [[unroll]] for (uint j = 0; j < held_columns; ++j)
        read_weight_block(w_begin[j], inputs, block, scales[j], weights[j]);
      [[unroll]] for (uint i = 0; i < groups; ++i) {
        const uint group_begin = i * subgroup_size;
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
}

#endif
