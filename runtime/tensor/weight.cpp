#include "tensor/weight.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/weight_layout.h"

namespace unmask::tensor {

std::vector<OutputRange> split_rows(uint32_t outputs, uint64_t bytes_per_row, uint64_t max_range,
                                    uint32_t multiple) {
  const uint64_t fitting = max_range / bytes_per_row;
  if (outputs <= fitting) return {{0, outputs}};
  const uint64_t step = fitting / multiple * multiple;
  require(step > 0, Status::unsupported,
          "{} rows of {} bytes do not fit a binding of {} bytes, the device's largest.", multiple,
          bytes_per_row, max_range);
  std::vector<OutputRange> ranges;
  for (uint64_t first = 0; first < outputs; first += step)
    ranges.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(std::min(step, outputs - first))});
  return ranges;
}

Weight Weight::range(uint32_t begin, uint32_t count, uint32_t alignment) const {
  Weight part{count, inputs, {}};
  for (const Piece& p : pieces) {
    const uint32_t from = std::max(begin, p.first_output);
    const uint32_t to = std::min(begin + count, p.first_output + p.outputs);
    if (from >= to) continue;
    const uint64_t row_bytes = device_row_bytes(p.dtype, inputs);
    const uint64_t offset = (from - p.first_output) * row_bytes;
    require(
        (p.slice.offset + offset) % alignment == 0, Status::unsupported,
        "Row {} of a weight with {} inputs does not begin at a multiple of the {} bytes that this device asks for.",
        from, inputs, alignment);
    part.pieces.push_back({p.dtype, from - begin, to - from, p.slice.sub(offset, (to - from) * row_bytes)});
  }
  return part;
}

}  // namespace unmask::tensor
