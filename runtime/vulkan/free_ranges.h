// The free ranges of a memory block: first fit, neighbours merged. Plain data, no Vulkan.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace unmask::vulkan {

class FreeRanges {
 public:
  explicit FreeRanges(uint64_t bytes) : total_(bytes), free_{{0, bytes}} {}

  // The offset of `bytes` that were free, or nothing if no free range is that long.
  std::optional<uint64_t> take(uint64_t bytes);
  // Returns a range that take() gave.
  void give_back(uint64_t offset, uint64_t bytes);

  uint64_t total() const { return total_; }
  bool all_free() const { return free_.size() == 1 && free_.begin()->second == total_; }

 private:
  uint64_t total_;
  std::map<uint64_t, uint64_t> free_;  // offset -> bytes
};

}  // namespace unmask::vulkan
