#include "decode/temporal_mask.h"

#include <cassert>

namespace unmask::decode {

namespace {

// Bits [begin, end).
uint64_t bits(uint32_t begin, uint32_t end) {
  uint64_t all = 0;
  for (uint32_t i = begin; i < end; ++i) all |= uint64_t{1} << i;
  return all;
}

}  // namespace

std::vector<uint64_t> temporal_order_masks(uint32_t known, std::span<const uint32_t> steps) {
  const auto drafted = static_cast<uint32_t>(steps.size());
  assert(known + 2 * drafted <= 64);
  const uint64_t known_rows = bits(0, known);
  std::vector<uint64_t> masks(known, known_rows);
  // What was revealed by the time that `shown` tells is seen as data, the rest as masks.
  const auto add_rows = [&](auto shown) {
    for (const uint32_t own : steps) {
      uint64_t seen = known_rows;
      for (uint32_t j = 0; j < drafted; ++j)
        seen |= uint64_t{1} << (known + j + (shown(steps[j], own) ? 0 : drafted));
      masks.push_back(seen);
    }
  };
  add_rows([](uint32_t step, uint32_t own) { return step <= own; });
  add_rows([](uint32_t step, uint32_t own) { return step < own; });
  return masks;
}

}  // namespace unmask::decode
