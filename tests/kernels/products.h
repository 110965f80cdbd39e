// What the tests of the matrix product and the head share: running a recording on any backend, and the tiles
// that the device under test can run.
#pragma once

#include <cmath>

#include "kernels/harness.h"
#include "tensor/tiles.h"
#include "tensor/weight.h"
#include "tensor/weight_layout.h"

namespace unmask::kernels {

template <typename T>
graph::Slice upload(graph::Backend& backend, const std::vector<T>& values) {
  const uint64_t bytes = values.size() * sizeof(T);
  const graph::Slice s{backend.allocate(bytes, graph::Memory::device, "test"), 0, bytes};
  backend.write(s, std::as_bytes(std::span(values)));
  return s;
}

template <typename T>
std::vector<T> download(graph::Backend& backend, const graph::Slice& s) {
  std::vector<T> values(s.size / sizeof(T));
  backend.read(s, std::as_writable_bytes(std::span(values)));
  return values;
}

inline void run(graph::Backend& backend, std::vector<graph::Dispatch> dispatches) {
  graph::Recording recording;
  for (graph::Dispatch& d : dispatches) recording.append(std::move(d));
  backend.run(*backend.prepare(std::move(recording)));
}

inline double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a[i]} - b[i]);
    worst = difference <= worst ? worst : difference;  // NaN is kept
  }
  return worst;
}

// A row length that the format allows, with an odd number of its blocks.
inline uint32_t odd_inputs(DType dtype) {
  const uint32_t block = info(dtype).block_elements;
  return block == 1 ? 40 : block == 32 ? 160 : 768;
}

// The weight in pieces that begin at multiples of `piece` outputs, each in a buffer of its own.
inline tensor::Weight upload_weight(graph::Backend& backend, const std::vector<float>& values, DType dtype,
                                    uint32_t inputs, uint32_t piece) {
  tensor::Weight weight{static_cast<uint32_t>(values.size() / inputs), inputs, {}};
  const std::vector<std::byte> bytes = weights(values, dtype, inputs);
  const uint64_t row_bytes = tensor::device_row_bytes(dtype, inputs);
  for (const auto [first, count] : tensor::split_rows(weight.outputs, 1, piece, piece)) {
    const auto begin = bytes.begin() + static_cast<ptrdiff_t>(first * row_bytes);
    const auto end = begin + static_cast<ptrdiff_t>(count * row_bytes);
    weight.pieces.push_back({dtype, first, count, upload(backend, std::vector<std::byte>(begin, end))});
  }
  return weight;
}

// Tiles of unlike shapes; the head needs `columns` of all of them to be the same to give the same bits.
inline std::vector<tensor::Tile> usable_tiles(const graph::Traits& traits) {
  using tensor::Tile, tensor::TileKind;
  std::vector<Tile> tiles = {{TileKind::shared, 16, 8, 4, 4}, {TileKind::shared, 16, 4, 3, 4}};
  if (has(traits.requirements, graph::Requirement::subgroup_broadcast) &&
      (traits.subgroup_size == 4 || traits.subgroup_size == 8))
    for (const uint32_t rows : {3u, 16u})
      tiles.push_back({TileKind::broadcast, traits.subgroup_size, 1, rows, 8});
  return tiles;
}

// One of each kind, the quickest to compile: for what does not depend on the size of a tile. Software drivers
// spend far longer on compiling a product than on running it.
inline std::vector<tensor::Tile> tile_kinds(const graph::Traits& traits) {
  const std::vector<tensor::Tile> tiles = usable_tiles(traits);
  return tiles.size() < 3 ? std::vector{tiles[0]} : std::vector{tiles[0], tiles[2]};
}

inline std::string name(const tensor::Tile& tile) {
  return fmt::format("{} {}x{} lanes, {}x{} held",
                     tile.kind == tensor::TileKind::shared ? "shared" : "broadcast", tile.column_lanes,
                     tile.row_lanes, tile.held_rows, tile.held_columns);
}

}  // namespace unmask::kernels
