// A weight matrix on a device, split along its output rows where one binding cannot span it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/dtype.h"
#include "graph/kernel.h"

namespace unmask::tensor {

struct OutputRange {
  uint32_t first, count;
  bool operator==(const OutputRange&) const = default;
};

// Cuts `outputs` rows into as few ranges as possible, each of at most max_range bytes; all but the last hold
// a multiple of `multiple` rows. Throws unsupported if `multiple` rows do not fit a range.
std::vector<OutputRange> split_rows(uint32_t outputs, uint64_t bytes_per_row, uint64_t max_range,
                                    uint32_t multiple);

// The head reduces tiles of this many tokens, at absolute multiples of it; pieces of a vocabulary begin at
// multiples too, so that splitting never changes a bit.
constexpr uint32_t vocabulary_tile = 1024;

// [outputs, inputs], row-major; `inputs` is a multiple of 8. Rows lie as in weight_layout.h.
struct Weight {
  struct Piece {
    DType dtype;
    uint32_t first_output, outputs;
    graph::Slice slice;
  };

  uint32_t outputs = 0, inputs = 0;
  std::vector<Piece> pieces;  // consecutive, covering all outputs

  // Outputs [begin, begin + count) as a weight of their own. Throws unsupported where their bytes do not
  // begin at a multiple of `alignment`.
  Weight range(uint32_t begin, uint32_t count, uint32_t alignment) const;
};

}  // namespace unmask::tensor
