#include "decode/schedule.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unmask::decode {

bool operator==(const Window& a, const Window& b) { return a.begin == b.begin && a.end == b.end; }

namespace {

using testing::ElementsAre;

TEST(Schedule, TheFirstStepsGetTheRemainder) {
  EXPECT_THAT(spread(7, 3), ElementsAre(3, 2, 2));
  EXPECT_THAT(spread(2, 4), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(spread(0, 2), ElementsAre(0, 0));
}

TEST(Schedule, AddsUp) {
  for (uint32_t count = 0; count < 40; ++count) {
    for (uint32_t steps = 1; steps < 45; ++steps) {
      const auto share = spread(count, steps);
      EXPECT_EQ(std::accumulate(share.begin(), share.end(), 0u), count);
    }
  }
}

TEST(Schedule, TheLastBlockMayBeShort) {
  EXPECT_THAT(blocks({5, 18}, 6, 5), ElementsAre(Window{5, 11}, Window{11, 17}, Window{17, 18}));
  EXPECT_THAT(blocks({3, 5}, 9, 3), ElementsAre(Window{3, 5}));
}

TEST(Schedule, BlocksLieOnTheGridOfTheirOrigin) {
  EXPECT_THAT(blocks({5, 18}, 4, 0),
              ElementsAre(Window{5, 8}, Window{8, 12}, Window{12, 16}, Window{16, 18}));
  EXPECT_THAT(blocks({8, 12}, 4, 0), ElementsAre(Window{8, 12}));
}

}  // namespace
}  // namespace unmask::decode
