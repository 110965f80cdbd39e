#include "vulkan/free_ranges.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace unmask::vulkan {
namespace {

TEST(FreeRanges, ReuseAndMergeWhatIsGivenBack) {
  FreeRanges ranges(100);
  EXPECT_EQ(ranges.take(40), 0u);
  EXPECT_EQ(ranges.take(60), 40u);
  EXPECT_EQ(ranges.take(1), std::nullopt);
  ranges.give_back(0, 40);
  EXPECT_EQ(ranges.take(41), std::nullopt);
  EXPECT_FALSE(ranges.all_free());
  ranges.give_back(40, 60);
  EXPECT_TRUE(ranges.all_free());
  EXPECT_EQ(ranges.take(100), 0u);
}

TEST(FreeRanges, NeverHandOutAByteTwice) {
  FreeRanges ranges(4096);
  std::mt19937 random(7);
  std::vector<int> owner(4096, 0);
  std::vector<std::pair<uint64_t, uint64_t>> taken;
  for (int i = 0; i < 5000; ++i) {
    const uint64_t bytes = 1 + random() % 300;
    const auto offset = random() % 2 ? ranges.take(bytes) : std::nullopt;
    if (offset) {
      taken.emplace_back(*offset, bytes);
      for (uint64_t b = *offset; b < *offset + bytes; ++b) ASSERT_EQ(owner.at(b)++, 0);
    } else if (!taken.empty()) {
      std::swap(taken[random() % taken.size()], taken.back());
      for (uint64_t b = 0; b < taken.back().second; ++b) --owner[taken.back().first + b];
      ranges.give_back(taken.back().first, taken.back().second);
      taken.pop_back();
    }
  }
  for (const auto& [offset, bytes] : taken) ranges.give_back(offset, bytes);
  EXPECT_TRUE(ranges.all_free());
}

}  // namespace
}  // namespace unmask::vulkan
