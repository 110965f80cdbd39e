// The masks of SimSD's verification, as the published code makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decode/temporal_mask.h"

namespace unmask::decode {
namespace {

using testing::ElementsAre;

std::vector<uint64_t> masks(uint32_t known, std::vector<uint32_t> steps) {
  return temporal_order_masks(known, steps);
}

TEST(TemporalOrderMasks, FromLeftToRight) {
  EXPECT_THAT(masks(0, {0, 1, 2, 3}), ElementsAre(0xE1, 0xC3, 0x87, 0x0F, 0xF0, 0xE1, 0xC3, 0x87));
}

TEST(TemporalOrderMasks, InAnyOrder) {
  EXPECT_THAT(masks(0, {2, 0, 3, 1}), ElementsAre(0x4B, 0xD2, 0x0F, 0x5A, 0x5A, 0xF0, 0x4B, 0xD2));
}

TEST(TemporalOrderMasks, SeveralInOneStep) {
  EXPECT_THAT(masks(0, {0, 0, 1, 1}), ElementsAre(0xC3, 0xC3, 0x0F, 0x0F, 0xF0, 0xF0, 0xC3, 0xC3));
}

TEST(TemporalOrderMasks, KnownTokensSeeOnlyEachOther) {
  EXPECT_THAT(masks(1, {1, 0, 2}), ElementsAre(0x01, 0x47, 0x55, 0x0F, 0x55, 0x71, 0x47));
}

TEST(TemporalOrderMasks, PositionsThatWereNeverDraftedComeLast) {
  EXPECT_THAT(masks(0, {0, never_drafted, 1, never_drafted}),
              ElementsAre(0xE1, 0x0F, 0xA5, 0x0F, 0xF0, 0xA5, 0xE1, 0xA5));
}

TEST(TemporalOrderMasks, SixtyFourRows) {
  const std::vector<uint64_t> all = masks(0, std::vector<uint32_t>(32, 0));
  ASSERT_EQ(all.size(), 64u);
  EXPECT_EQ(all[0], 0x00000000FFFFFFFFu);
  EXPECT_EQ(all[63], 0xFFFFFFFF00000000u);
}

}  // namespace
}  // namespace unmask::decode
