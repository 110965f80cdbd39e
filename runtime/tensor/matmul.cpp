#include "tensor/matmul.h"

#include <cassert>

#include "kernels/matmul.h"
#include "kernels/matmul_broadcast.h"
#include "tensor/variant.h"
#include "tensor/work.h"

namespace unmask::tensor {
namespace {

template <typename K>
graph::Dispatch launch(const Matmul& m, const Weight::Piece& piece, const Tile& tile,
                       const typename K::Constants& constants) {
  const graph::Grid grid{ceil_div(piece.outputs, tile.columns()), ceil_div(m.rows, tile.rows())};
  const uint64_t results = uint64_t{m.rows} * piece.outputs;
  return graph::dispatch<K>(
      K::kernel(variant_of<K>(piece.dtype)), {m.x, piece.slice, m.y},
      {m.rows, piece.outputs, m.weight.inputs, m.x_stride, m.y_stride, m.y_offset + piece.first_output},
      constants, grid, m.label,
      product_work(m.rows, piece, m.weight.inputs, tile, results * (m.accumulate ? 8 : 4)));
}

graph::Dispatch product(const Matmul& m, const Weight::Piece& piece, const Tile& tile) {
  if (tile.kind == TileKind::broadcast)
    return launch<kernels::matmul_broadcast>(
        m, piece, tile, {tile.column_lanes, tile.held_rows, tile.held_columns, m.accumulate ? 1u : 0u});
  return launch<kernels::matmul>(
      m, piece, tile,
      {tile.column_lanes, tile.row_lanes, tile.held_rows, tile.held_columns, m.accumulate ? 1u : 0u});
}

}  // namespace

std::vector<graph::Dispatch> matmul(const graph::Traits& traits, const Matmul& m) {
  return matmul(matmul_tile(traits, m.rows), m);
}

std::vector<graph::Dispatch> matmul(const Tile& tile, const Matmul& m) {
  assert(m.rows > 0 && m.weight.inputs % 8 == 0 && m.x_stride % 4 == 0 && m.x_stride >= m.weight.inputs);
  assert(m.y_offset + m.weight.outputs <= m.y_stride);
  std::vector<graph::Dispatch> dispatches;
  for (const Weight::Piece& piece : m.weight.pieces) dispatches.push_back(product(m, piece, tile));
  return dispatches;
}

}  // namespace unmask::tensor
