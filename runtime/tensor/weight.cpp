#include "tensor/weight.h"

#include <algorithm>

#include "base/error.h"

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

}  // namespace unmask::tensor
