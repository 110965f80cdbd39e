// Which tile of the matrix product runs on which device, for how many rows. Every tile gives the same bits.
#pragma once

#include "graph/backend.h"

namespace unmask::tensor {

enum class TileKind : uint8_t {
  shared,     // include/tile_shared.glsl
  broadcast,  // include/tile_broadcast.glsl; needs a fixed subgroup size of 4 or 8
};

// One workgroup computes rows() x columns() outputs.
struct Tile {
  TileKind kind;
  uint32_t column_lanes, row_lanes;  // invocations per workgroup along the columns and the rows
  uint32_t held_rows, held_columns;  // sums per invocation

  uint32_t rows() const { return row_lanes * held_rows; }
  uint32_t columns() const { return column_lanes * held_columns; }
};

Tile matmul_tile(const graph::Traits& traits, uint32_t rows);

// For the fused head. The columns of its tile are the same for all row counts of a device, because the order
// in which a row's logits are summed depends on them.
Tile head_tile(const graph::Traits& traits, uint32_t rows);

}  // namespace unmask::tensor
