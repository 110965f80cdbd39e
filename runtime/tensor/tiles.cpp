#include "tensor/tiles.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace unmask::tensor {
namespace {

// The tile for at most max_rows rows; the last entry of a table serves all that are more.
struct Entry {
  uint32_t max_rows;
  Tile tile;
};

// Software drivers run a subgroup as one vector and pay for loads, so few lanes hold many sums.
// 256 x 512 x 512 f16 on lavapipe (Mesa 25.0.7, both cores' time): 16 rows 22 to 26 GFLOP/s, 32 rows 22, 8
// rows 15. The driver compiles the 16 rows in 1.5 s, 32 rows in 2.8 s, 8 rows in 0.9 s: hence few and small
// entries.
constexpr Entry broadcast_8[] = {
    {4, {TileKind::broadcast, 8, 1, 4, 8}},
    {8, {TileKind::broadcast, 8, 1, 8, 8}},
    {~0u, {TileKind::broadcast, 8, 1, 16, 8}},
};
// SwiftShader; for correctness, not measured.
constexpr Entry broadcast_4[] = {
    {4, {TileKind::broadcast, 4, 1, 4, 8}},
    {~0u, {TileKind::broadcast, 4, 1, 16, 8}},
};
// Not measured on hardware yet: 32 x 64 outputs from 128 invocations, with the base path's 16 KiB in mind.
constexpr Entry gpu[] = {
    {8, {TileKind::shared, 16, 8, 1, 4}},
    {16, {TileKind::shared, 16, 8, 2, 4}},
    {~0u, {TileKind::shared, 16, 8, 4, 4}},
};
// Mobile GPUs have fewer registers per invocation and often 64 invocations per core; not measured yet.
constexpr Entry mobile[] = {
    {8, {TileKind::shared, 16, 4, 2, 4}},
    {~0u, {TileKind::shared, 16, 4, 4, 4}},
};

const Tile& find(std::span<const Entry> table, uint32_t rows) {
  return std::ranges::find_if(table, [&](const Entry& e) { return rows <= e.max_rows; })->tile;
}

std::span<const Entry> table_for(const graph::Traits& traits) {
  const bool broadcast = has(traits.requirements, graph::Requirement::subgroup_broadcast);
  if (traits.device_class == graph::DeviceClass::software && broadcast) {
    if (traits.subgroup_size == 8) return broadcast_8;
    if (traits.subgroup_size == 4) return broadcast_4;
  }
  return traits.device_class == graph::DeviceClass::mobile ? std::span<const Entry>(mobile) : gpu;
}

}  // namespace

Tile matmul_tile(const graph::Traits& traits, uint32_t rows) { return find(table_for(traits), rows); }

Tile head_tile(const graph::Traits& traits, uint32_t rows) { return find(table_for(traits), rows); }

}  // namespace unmask::tensor
