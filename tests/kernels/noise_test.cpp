// The noise: Philox against its published answers, the device's words and Gumbel variables against the
// host's.
#include "base/rng.h"
#include "kernels/harness.h"
#include "kernels/noise_probe.h"

namespace unmask::kernels {
namespace {

// From the authors' Random123 distribution, file kat_vectors.
TEST(Philox, GivesThePublishedAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t ones = 0xFFFFFFFF;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// Ends of the range, both sides of the places where formulas change, and everything between.
std::vector<uint32_t> telling_bits() {
  std::vector<uint32_t> bits = {0, 1, 2, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFF7F, 0x7FFFFFFF, 0x80000000};
  for (const double v : {std::ldexp(1, -10), 0.29, 1 - std::sqrt(0.5), 0.5, 1 - std::exp(-1.0)})
    for (int step = -3; step <= 3; ++step) bits.push_back(static_cast<uint32_t>(v * 4294967296.0) + step);
  std::mt19937 random(11);
  while (bits.size() < 5000) bits.push_back(random() >> random() % 32);
  return bits;
}

class Noise : public testing::Test {
 protected:
  void SetUp() override {
    const auto count = static_cast<uint32_t>(bits_.size());
    dispatch_ = graph::dispatch<noise_probe>(noise_probe::kernel(),
                                             {Inputs::buffer(bits_), Inputs::garbage_floats(count),
                                              Inputs::garbage_floats(count), Inputs::garbage(16 * count)},
                                             {count}, {}, {(count + 31) / 32}, "noise");
  }

  std::vector<uint32_t> bits_ = telling_bits();
  graph::Dispatch dispatch_;
};

TEST_F(Noise, ExponentialIsAccurateEverywhere) {
  const std::vector<float> device = run_on_device(dispatch_, "exponential");
  double worst = 0;
  for (size_t i = 0; i < bits_.size(); ++i) {
    const double v = uniform_from_bits(bits_[i]);
    const double exact = -std::log1p(-v);
    ASSERT_LE(std::abs(device[i] - exact), 1e-6 * exact) << std::hex << bits_[i];
    worst = std::max(worst, std::abs(device[i] - exact) / exact);
  }
  RecordProperty("exponential error", std::to_string(worst * 1e6) + "e-6");
}

TEST_F(Noise, GumbelIsAccurateAndFinite) {
  const std::vector<float> device = run_on_device(dispatch_, "gumbel");
  for (size_t i = 0; i < bits_.size(); ++i)
    ASSERT_NEAR(device[i], twins::gumbel_from_bits(bits_[i]), 2e-6 * std::max(1.0f, std::abs(device[i])))
        << std::hex << bits_[i];
}

// What published fp32 samplers draw: uniforms that are multiples of 2^-24, the largest of which is 1 - 2^-24.
TEST(CoarseNoise, EndsWhereNoiseOf24BitsDoes) {
  const double cut = -std::log(-std::log1p(-std::ldexp(1, -24)));
  EXPECT_NEAR(twins::gumbel_from_bits(0 | 0xFF), cut, 3e-3);
  EXPECT_GT(twins::gumbel_from_bits(0), cut + 6);
}

TEST_F(Noise, DeviceDrawsTheSameWords) {
  const std::vector<float> device = run_on_device(dispatch_, "words");
  for (uint32_t i = 0; i < bits_.size(); ++i) {
    const PhiloxCounter words = philox({i, i + 1, i + 2, i + 3}, {7 * i, 9 * i});
    for (uint32_t w = 0; w < 4; ++w) ASSERT_EQ(std::bit_cast<uint32_t>(device[4 * i + w]), words[w]) << i;
  }
}

}  // namespace
}  // namespace unmask::kernels
