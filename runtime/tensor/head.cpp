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

// Tokens per partial, a divisor of vocabulary_tile. See head_tiles_broadcast.comp for why they differ.
uint32_t partial_tokens(const Tile& tile) {
  return tile.kind == TileKind::broadcast ? tile.columns() : vocabulary_tile;
}

template <typename K>
graph::Dispatch launch(const Head& h, const Weight::Piece& piece, const Tile& tile,
                       const typename K::Constants& constants) {
  const uint32_t partials = ceil_div(piece.outputs, partial_tokens(tile));
  return graph::dispatch<K>(
      K::kernel(variant_of<K>(piece.dtype)), {h.x, piece.slice, h.candidates, h.sequences, h.partials},
      {h.rows, piece.outputs, h.weight.inputs, piece.first_output,
       ceil_div(h.weight.outputs, partial_tokens(tile))},
      constants, {partials, ceil_div(h.rows, tile.rows())}, h.label,
      product_work(h.rows, piece, h.weight.inputs, tile, uint64_t{h.rows} * partials * sizeof(HeadPartial)));
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

graph::Dispatch merge(const Head& h, const Tile& tile) {
  const uint32_t partials = ceil_div(h.weight.outputs, partial_tokens(tile));
  const uint64_t bytes = uint64_t{h.rows} * (partials * sizeof(HeadPartial) + sizeof(TokenStats));
  return graph::dispatch<kernels::head_merge>(kernels::head_merge::kernel(), {h.partials, h.stats},
                                              {h.rows, partials}, {}, {h.rows}, h.label, {.bytes = bytes});
}

}  // namespace

uint64_t head_scratch_bytes(const Tile& tile, uint32_t rows, uint32_t vocabulary) {
  return uint64_t{rows} * ceil_div(vocabulary, partial_tokens(tile)) * sizeof(HeadPartial);
}

uint64_t head_scratch_bytes(const graph::Traits& traits, uint32_t rows, uint32_t vocabulary) {
  return head_scratch_bytes(head_tile(traits, rows), rows, vocabulary);
}

std::vector<graph::Dispatch> head(const graph::Traits& traits, const Head& h) {
  return head(head_tile(traits, h.rows), h);
}

std::vector<graph::Dispatch> head(const Tile& tile, const Head& h) {
  assert(h.rows > 0 && h.weight.inputs % 8 == 0);
  std::vector<graph::Dispatch> dispatches;
  for (const Weight::Piece& piece : h.weight.pieces) dispatches.push_back(reduce_piece(h, piece, tile));
  dispatches.push_back(merge(h, tile));
  return dispatches;
}

}  // namespace unmask::tensor
