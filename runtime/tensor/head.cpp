#include "tensor/head.h"

#include <cassert>

#include "kernels/head_merge.h"
#include "kernels/head_tiles.h"
#include "kernels/head_tiles_broadcast.h"
#include "tensor/layouts.h"
#include "tensor/variant.h"
#include "tensor/work.h"

namespace unmask::tensor {
namespace {

uint32_t tiles_of(const Weight& weight) { return ceil_div(weight.outputs, vocabulary_tile); }

template <typename K>
graph::Dispatch launch(const Head& h, const Weight::Piece& piece, const Tile& tile,
                       const typename K::Constants& constants) {
  const uint32_t tiles = ceil_div(piece.outputs, vocabulary_tile);
  return graph::dispatch<K>(
      K::kernel(variant_of<K>(h.weight.dtype)), {h.x, piece.slice, h.candidates, h.sequences, h.partials},
      {h.rows, piece.outputs, h.weight.inputs, piece.first_output, tiles_of(h.weight)}, constants,
      {tiles, ceil_div(h.rows, tile.rows())}, h.label,
      product_work(h.rows, piece.outputs, h.weight, tile, uint64_t{h.rows} * tiles * sizeof(HeadPartial)));
}

graph::Dispatch reduce_piece(const Head& h, const Weight::Piece& piece, const Tile& tile) {
  assert(piece.first_output % vocabulary_tile == 0 && vocabulary_tile % tile.columns() == 0);
  if (tile.kind == TileKind::broadcast)
    return launch<kernels::head_tiles_broadcast>(
        h, piece, tile, {tile.column_lanes, tile.held_rows, tile.held_columns, h.noise ? 1u : 0u});
  return launch<kernels::head_tiles>(
      h, piece, tile,
      {tile.column_lanes, tile.row_lanes, tile.held_rows, tile.held_columns, h.noise ? 1u : 0u});
}

graph::Dispatch merge(const Head& h) {
  const uint32_t tiles = tiles_of(h.weight);
  const uint64_t bytes = uint64_t{h.rows} * (tiles * sizeof(HeadPartial) + sizeof(TokenStats));
  return graph::dispatch<kernels::head_merge>(kernels::head_merge::kernel(), {h.partials, h.stats},
                                              {h.rows, tiles}, {}, {h.rows}, h.label, {.bytes = bytes});
}

}  // namespace

uint64_t head_scratch_bytes(uint32_t rows, uint32_t vocabulary) {
  return uint64_t{rows} * ceil_div(vocabulary, vocabulary_tile) * sizeof(HeadPartial);
}

std::vector<graph::Dispatch> head(const graph::Traits& traits, const Head& h) {
  return head(head_tile(traits, h.rows), h);
}

std::vector<graph::Dispatch> head(const Tile& tile, const Head& h) {
  assert(h.rows > 0 && h.weight.inputs % 8 == 0);
  std::vector<graph::Dispatch> dispatches;
  for (const Weight::Piece& piece : h.weight.pieces) dispatches.push_back(reduce_piece(h, piece, tile));
  dispatches.push_back(merge(h));
  return dispatches;
}

}  // namespace unmask::tensor
