// The formats of weights: what quantising loses, and how it treats what is no ordinary number.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/dtype.h"
#include "base/error.h"
#include "base/quant.h"

namespace unmask {
namespace {

std::vector<float> normal(size_t count, float deviation = 0.05f) {
  std::minstd_rand engine(9);
  std::normal_distribution<float> distribution(0, deviation);
  std::vector<float> values(count);
  for (float& v : values) v = distribution(engine);
  return values;
}

std::vector<std::byte> quantised(DType type, std::span<const float> values) {
  std::vector<std::byte> blocks(bytes_of(type, values.size()));
  info(type).quantise(values, blocks.data());
  return blocks;
}

std::vector<float> rounded(DType type, std::span<const float> values) {
  std::vector<float> result(values.size());
  info(type).dequantise(quantised(type, values).data(), result);
  return result;
}

// Root mean square of the error over that of the values.
double relative_error(DType type, std::span<const float> values) {
  const std::vector<float> got = rounded(type, values);
  double error = 0, size = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    error += std::pow(double{got[i]} - values[i], 2);
    size += std::pow(double{values[i]}, 2);
  }
  return std::sqrt(error / size);
}

class WeightType : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(All, WeightType, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST_P(WeightType, IsInEveryTable) {
  const DTypeInfo& type = info(GetParam());
  EXPECT_EQ(parse_weight_type(type.name), GetParam());
  EXPECT_EQ(dtype_of_gguf(static_cast<uint32_t>(type.gguf_type)), GetParam());
  EXPECT_EQ(fitting_type(GetParam(), 768), GetParam());
  EXPECT_EQ(768 % type.block_elements, 0u);
}

TEST_P(WeightType, LosesLittle) {
  // A bit less halves the error; 4 bits of a normal distribution lose about a twelfth.
  const double allowed = GetParam() == DType::f32    ? 0
                         : GetParam() == DType::f16  ? 3e-4
                         : GetParam() == DType::bf16 ? 2e-3
                         : GetParam() == DType::q8_0 ? 6e-3
                         : GetParam() == DType::q6_k ? 2e-2
                         : GetParam() == DType::q4_k ? 7.5e-2
                                                     : 9.5e-2;
  const double error = relative_error(GetParam(), normal(256 * 64));
  RecordProperty("relative_error", std::to_string(error));
  EXPECT_LE(error, allowed);
  EXPECT_GE(error, allowed / 4) << "the bound says nothing";
}

TEST_P(WeightType, KeepsZeros) {
  const std::vector<float> zeros(256);
  EXPECT_EQ(rounded(GetParam(), zeros), zeros);
}

TEST_P(WeightType, ConfinesWhatIsNoNumber) {
  const std::vector<float> values = normal(256);
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), 3e38f, -3e38f, 1e-44f}) {
    std::vector<float> three = values;
    three.insert(three.end(), values.begin(), values.end());
    three.insert(three.end(), values.begin(), values.end());
    three[256 + 77] = odd;
    const std::vector<std::byte> alone = quantised(GetParam(), values),
                                 together = quantised(GetParam(), three);
    EXPECT_EQ(std::memcmp(together.data(), alone.data(), alone.size()), 0);
    EXPECT_EQ(std::memcmp(together.data() + 2 * alone.size(), alone.data(), alone.size()), 0);
  }
}

TEST(WeightTypes, MoreBitsLoseLess) {
  const std::vector<float> values = normal(256 * 64);
  const auto error = [&](DType type) { return relative_error(type, values); };
  EXPECT_LT(error(DType::q4_k), 0.9 * error(DType::q4_0));
  EXPECT_LT(error(DType::q6_k), error(DType::q4_k) / 3);
  EXPECT_LT(error(DType::q8_0), error(DType::q6_k) / 2);
}

TEST(WeightTypes, FourBitBlocksFollowAnOffset) {
  std::vector<float> values = normal(256, 0.01f);
  for (float& v : values) v -= 0.1f;  // all below zero, where a scale alone wastes half the numbers
  EXPECT_LT(relative_error(DType::q4_k, values), relative_error(DType::q4_0, values) / 3);
}

TEST(WeightTypes, SubstitutesFitTheRow) {
  EXPECT_EQ(fitting_type(DType::q4_k, 512), DType::q4_k);
  EXPECT_EQ(fitting_type(DType::q4_k, 96), DType::q8_0);
  EXPECT_EQ(fitting_type(DType::q6_k, 40), DType::f16);
  EXPECT_EQ(fitting_type(DType::q8_0, 40), DType::f16);
  EXPECT_EQ(fitting_type(DType::q4_0, 8), DType::f16);
}

TEST(WeightTypes, RefuseOtherNames) {
  for (const char* name : {"", "Q8_0", "u32", "q5_k", "q8_0 "})
    EXPECT_THROW(parse_weight_type(name), Error) << name;
  EXPECT_EQ(dtype_of_gguf(3), std::nullopt);
  EXPECT_EQ(dtype_of_gguf(~0u), std::nullopt);
}

TEST(Q8_0, RoundsHalvesAwayFromZero) {
  std::vector<float> values(32);
  values[0] = 127, values[1] = 0.5f, values[2] = -0.5f, values[3] = 1.49f;
  const std::vector<std::byte> block = quantised(DType::q8_0, values);
  EXPECT_EQ(std::to_integer<int>(block[0]) | std::to_integer<int>(block[1]) << 8, 0x3C00) << "a scale of 1";
  EXPECT_EQ(static_cast<int8_t>(block[3]), 1);
  EXPECT_EQ(static_cast<int8_t>(block[4]), -1);
  EXPECT_EQ(static_cast<int8_t>(block[5]), 1);
}

TEST(Q4_0, PutsTheLargestAtMinusEight) {
  std::vector<float> values(32);
  values[0] = 8, values[17] = -7;
  const std::vector<std::byte> block = quantised(DType::q4_0, values);
  EXPECT_EQ(std::to_integer<int>(block[0]) | std::to_integer<int>(block[1]) << 8, 0xBC00) << "a scale of -1";
  EXPECT_EQ(std::to_integer<int>(block[2]), 0x80) << "elements 0 and 16";
  EXPECT_EQ(std::to_integer<int>(block[3]), 0xF8) << "elements 1 and 17";
}

}  // namespace
}  // namespace unmask
