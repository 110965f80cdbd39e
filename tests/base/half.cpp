#include "base/half.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace unmask {
namespace {

// From the definition, in double precision.
double value_of_f16(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 0x3ff;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

bool is_f16_nan(uint16_t bits) { return (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff) != 0; }

TEST(Half, EveryFiniteF16HasItsValueAndComesBack) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    if ((bits & 0x7c00) == 0x7c00) continue;
    ASSERT_EQ(float_from_f16(bits), value_of_f16(bits)) << bits;
    ASSERT_EQ(f16_from_float(float_from_f16(bits)), bits);
  }
}

TEST(Half, InfinitiesAndNans) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(float_from_f16(0x7c00), infinity);
  EXPECT_EQ(float_from_f16(0xfc00), -infinity);
  EXPECT_EQ(f16_from_float(infinity), 0x7c00);
  EXPECT_EQ(f16_from_float(-infinity), 0xfc00);
  EXPECT_TRUE(std::isnan(float_from_f16(0x7c01)));
  EXPECT_TRUE(is_f16_nan(f16_from_float(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(is_f16_nan(f16_from_float(std::bit_cast<float>(0x7f800001u)))) << "payload lost to rounding";
}

// The midpoint between two neighbours goes to the even one, anything beyond it to the nearer.
TEST(Half, RoundsToNearestEvenAtEveryMidpoint) {
  for (uint16_t low = 0; low < 0x7bff; ++low) {
    const float middle = static_cast<float>((value_of_f16(low) + value_of_f16(low + 1)) / 2);
    const auto even = static_cast<uint16_t>(low + (low & 1));
    ASSERT_EQ(f16_from_float(middle), even) << low;
    ASSERT_EQ(f16_from_float(std::nextafter(middle, 0.0f)), low);
    ASSERT_EQ(f16_from_float(-std::nextafter(middle, 1e9f)), (low + 1) | 0x8000);
  }
}

TEST(Half, OverflowsAtHalfAStepAboveTheLargest) {
  EXPECT_EQ(f16_from_float(65504.0f), 0x7bff);
  EXPECT_EQ(f16_from_float(std::nextafter(65520.0f, 0.0f)), 0x7bff);
  EXPECT_EQ(f16_from_float(65520.0f), 0x7c00);
  EXPECT_EQ(f16_from_float(-3e38f), 0xfc00);
}

TEST(Half, UnderflowsToZeroOfTheSameSign) {
  EXPECT_EQ(f16_from_float(0x1p-25f), 0);
  EXPECT_EQ(f16_from_float(std::nextafter(0x1p-25f, 1.0f)), 1);
  EXPECT_EQ(f16_from_float(-0x1p-149f), 0x8000);
  EXPECT_EQ(f16_from_float(-0.0f), 0x8000);
  EXPECT_TRUE(std::signbit(float_from_f16(0x8000)));
}

TEST(Bfloat16, IsTheUpperHalfRoundedToEven) {
  EXPECT_EQ(float_from_bf16(0x3f80), 1.0f);
  EXPECT_EQ(float_from_bf16(0xc049), std::bit_cast<float>(0xc0490000u));
  EXPECT_EQ(bf16_from_float(std::bit_cast<float>(0x3f808000u)), 0x3f80);  // tie, even below
  EXPECT_EQ(bf16_from_float(std::bit_cast<float>(0x3f818000u)), 0x3f82);  // tie, even above
  EXPECT_EQ(bf16_from_float(std::bit_cast<float>(0x3f808001u)), 0x3f81);
  EXPECT_EQ(bf16_from_float(std::bit_cast<float>(0xbf807fffu)), 0xbf80);
  EXPECT_EQ(bf16_from_float(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(bf16_from_float(-std::numeric_limits<float>::infinity()), 0xff80);
}

TEST(Bfloat16, KeepsNans) {
  EXPECT_TRUE(std::isnan(float_from_bf16(bf16_from_float(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(float_from_bf16(bf16_from_float(std::bit_cast<float>(0xffffffffu)))));
}

}  // namespace
}  // namespace unmask
