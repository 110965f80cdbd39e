#include "base/dtype.h"

#include <array>
#include <cassert>

namespace unmask {

const DTypeInfo& info(DType type) {
  static constexpr std::array<DTypeInfo, 4> table = {
      {{"f32", 1, 4}, {"f16", 1, 2}, {"bf16", 1, 2}, {"u32", 1, 4}}};
  return table[static_cast<size_t>(type)];
}

uint64_t bytes_of(DType type, uint64_t elements) {
  const DTypeInfo& t = info(type);
  assert(elements % t.block_elements == 0);
  return elements / t.block_elements * t.block_bytes;
}

}  // namespace unmask
