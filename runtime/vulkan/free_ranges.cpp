#include "vulkan/free_ranges.h"

#include <algorithm>

namespace unmask::vulkan {

std::optional<uint64_t> FreeRanges::take(uint64_t bytes) {
  const auto found =
      std::find_if(free_.begin(), free_.end(), [&](const auto& range) { return range.second >= bytes; });
  if (found == free_.end()) return std::nullopt;
  const auto [offset, length] = *found;
  free_.erase(found);
  if (length > bytes) free_.emplace(offset + bytes, length - bytes);
  return offset;
}

void FreeRanges::give_back(uint64_t offset, uint64_t bytes) {
  const auto here = free_.emplace(offset, bytes).first;
  const auto next = std::next(here);
  if (next != free_.end() && here->first + here->second == next->first) {
    here->second += next->second;
    free_.erase(next);
  }
  if (here == free_.begin()) return;
  const auto before = std::prev(here);
  if (before->first + before->second != here->first) return;
  before->second += here->second;
  free_.erase(here);
}

}  // namespace unmask::vulkan
