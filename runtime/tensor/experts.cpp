#include "tensor/experts.h"

#include <algorithm>
#include <cassert>

#include "kernels/expert_matmul.h"
#include "kernels/expert_matmul_broadcast.h"
#include "tensor/layouts.h"
#include "tensor/tensor.h"
#include "tensor/variant.h"
#include "tensor/work.h"

namespace unmask::tensor {
namespace {

// Of a split weight each piece serves its share of the places, as if experts were chosen evenly.
graph::Work work_of(const ExpertMatmul& m, const Weight::Piece& piece, const Tile& tile) {
  const uint64_t outputs = m.weight.outputs / m.experts, inputs = m.weight.inputs;
  const uint64_t experts = piece.outputs / outputs;
  const uint64_t places = uint64_t{m.choices} * experts / m.experts;
  const uint64_t used = std::min(experts, places);
  const uint64_t padded_places = uint64_t{most_expert_tiles(m.choices, m.experts, tile.rows())} * tile.rows();
  const uint64_t padded_outputs = (outputs + tile.columns() - 1) / tile.columns() * tile.columns();
  return {.flops = 2 * uint64_t{m.choices} * piece.outputs * inputs / m.experts,
          .flops_executed = 2 * padded_places * padded_outputs * inputs * experts / m.experts,
          .bytes = 4 * places * (inputs + outputs) + piece.slice.size / experts * used};
}

template <typename K>
graph::Dispatch launch(const ExpertMatmul& m, const Weight::Piece& piece, const Tile& tile,
                       const typename K::Constants& constants) {
  const uint32_t outputs = m.weight.outputs / m.experts;
  assert(piece.first_output % outputs == 0 && piece.outputs % outputs == 0);
  const graph::Grid grid{ceil_div(outputs, tile.columns()),
                         most_expert_tiles(m.choices, m.experts, tile.rows())};
  return graph::dispatch<K>(K::kernel(variant_of<K>(piece.dtype)), {m.x, piece.slice, m.tiles, m.y},
                            {outputs, m.weight.inputs, piece.first_output / outputs, piece.outputs / outputs,
                             m.y_stride, m.y_offset},
                            constants, grid, m.label, work_of(m, piece, tile));
}

}  // namespace

ExpertChoices ExpertChoices::allocate(graph::Backend& backend, uint32_t rows, uint32_t chosen) {
  const uint64_t choices = uint64_t{rows} * chosen;
  const auto array = [&]<typename T>(T, const char* label) {
    return allocate_array<T>(backend, choices, graph::Memory::device, label);
  };
  return {.experts = array(uint32_t{}, "chosen experts"),
          .weights = array(float{}, "expert weights"),
          .places = array(uint32_t{}, "expert places"),
          .sources = array(uint32_t{}, "expert rows"),
          .tiles = array(ExpertTile{}, "expert tiles")};
}

ExpertChoices ExpertChoices::first(uint32_t rows, uint32_t chosen) const {
  const uint64_t bytes = uint64_t{rows} * chosen * sizeof(uint32_t);
  return {.experts = experts.sub(0, bytes),
          .weights = weights.sub(0, bytes),
          .places = places.sub(0, bytes),
          .sources = sources.sub(0, bytes),
          .tiles = tiles};
}

uint32_t most_expert_tiles(uint32_t choices, uint32_t experts, uint32_t tile_rows) {
  // Each expert with a row may leave one tile with a single row.
  const uint32_t used = std::min(choices, experts);
  return std::min(choices, (choices + used * (tile_rows - 1)) / tile_rows);
}

Tile expert_tile(const graph::Traits& traits, const Routing& routing, uint32_t rows) {
  return matmul_tile(traits, ceil_div(rows * routing.chosen, routing.experts));
}

std::vector<graph::Dispatch> expert_matmul(const Tile& tile, const ExpertMatmul& m) {
  assert(m.choices > 0 && m.weight.inputs % 8 == 0 && m.weight.outputs % m.experts == 0);
  std::vector<graph::Dispatch> dispatches;
  for (const Weight::Piece& piece : m.weight.pieces) {
    dispatches.push_back(
        tile.kind == TileKind::broadcast
            ? launch<kernels::expert_matmul_broadcast>(m, piece, tile,
                                                       {tile.column_lanes, tile.held_rows, tile.held_columns})
            : launch<kernels::expert_matmul>(
                  m, piece, tile, {tile.column_lanes, tile.row_lanes, tile.held_rows, tile.held_columns}));
  }
  return dispatches;
}

}  // namespace unmask::tensor
