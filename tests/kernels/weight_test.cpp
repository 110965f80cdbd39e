#include "tensor/weight.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unmask::tensor {
namespace {

TEST(SplitRows, KeepsWhatFitsWhole) {
  EXPECT_EQ(split_rows(151936, 1024, 128 << 20, vocabulary_tile).size(), 2u);
  EXPECT_EQ(split_rows(131072, 1024, 128 << 20, vocabulary_tile), (std::vector<OutputRange>{{0, 131072}}));
}

TEST(SplitRows, CutsAtMultiplesAndCoversAll) {
  // 70 bytes hold 23 rows of 3 bytes, that is two times 10.
  EXPECT_EQ(split_rows(47, 3, 70, 10), (std::vector<OutputRange>{{0, 20}, {20, 20}, {40, 7}}));
  EXPECT_EQ(split_rows(40, 3, 70, 10), (std::vector<OutputRange>{{0, 20}, {20, 20}}));
}

TEST(SplitRows, RefusesRowsThatNoBindingHolds) {
  EXPECT_THROW(split_rows(47, 8, 70, 10), Error);
  EXPECT_THROW(split_rows(47, 71, 70, 1), Error);
}

}  // namespace
}  // namespace unmask::tensor
