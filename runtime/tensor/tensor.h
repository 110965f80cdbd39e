// Activations on the device: f32 matrices, row-major and contiguous.
#pragma once

#include <cassert>
#include <cstdint>

#include "graph/backend.h"

namespace unmask::tensor {

struct Matrix {
  graph::Slice slice;
  uint32_t rows = 0, columns = 0;

  static Matrix allocate(graph::Backend& backend, uint32_t rows, uint32_t columns, const char* label) {
    const uint64_t bytes = uint64_t{rows} * columns * sizeof(float);
    return {{backend.allocate(bytes, graph::Memory::device, label), 0, bytes}, rows, columns};
  }

  // Rows [begin, begin + count). The offset must meet the device's storage alignment.
  Matrix range(uint32_t begin, uint32_t count) const {
    assert(begin + count <= rows);
    const uint64_t row_bytes = uint64_t{columns} * sizeof(float);
    return {slice.sub(begin * row_bytes, count * row_bytes), count, columns};
  }
  Matrix first(uint32_t count) const { return range(0, count); }
};

// A typed array on the device or in shared memory.
template <typename T>
graph::Slice allocate_array(graph::Backend& backend, uint64_t count, graph::Memory memory,
                            const char* label) {
  return {backend.allocate(count * sizeof(T), memory, label), 0, count * sizeof(T)};
}

}  // namespace unmask::tensor
