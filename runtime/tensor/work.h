// Counts of the work of a matrix product (graph::Work).
#pragma once

#include "graph/recording.h"
#include "tensor/tiles.h"
#include "tensor/weight.h"
#include "tensor/weight_layout.h"

namespace unmask::tensor {

constexpr uint32_t ceil_div(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

// `written`: bytes of the results.
inline graph::Work product_work(uint32_t rows, const Weight::Piece& piece, uint32_t inputs, const Tile& tile,
                                uint64_t written) {
  const uint64_t padded_rows = uint64_t{ceil_div(rows, tile.rows())} * tile.rows();
  const uint64_t padded_outputs = uint64_t{ceil_div(piece.outputs, tile.columns())} * tile.columns();
  return {.flops = 2ull * rows * piece.outputs * inputs,
          .flops_executed = 2 * padded_rows * padded_outputs * inputs,
          .bytes = 4ull * rows * inputs + piece.outputs * device_row_bytes(piece.dtype, inputs) + written};
}

}  // namespace unmask::tensor
