// The fused head: its statistics against the definition, and against each other bit by bit.
#include "tensor/head.h"

#include "kernels/products.h"
#include "tensor/layouts.h"

namespace unmask::kernels {
namespace {

using tensor::none;
using tensor::Tile;
using tensor::TokenStats;

constexpr uint32_t narrow = 16;

struct Case {
  uint32_t rows, vocabulary, inputs;
  std::vector<float> x, w;  // [rows, inputs], [vocabulary, inputs]
  std::vector<tensor::SequenceStep> sequences;
  DType dtype = DType::f32;
  bool noise = false;
  uint32_t piece = 1u << 20;
};

// Two sequences, greedy and at temperature 0.8; rows alternate.
Case random_case(uint32_t rows, uint32_t vocabulary, uint32_t inputs = narrow) {
  Case c{rows,
         vocabulary,
         inputs,
         Inputs(7).numbers(rows * inputs, -2, 2),
         Inputs(8).numbers(vocabulary * inputs),
         {}};
  tensor::SequenceStep s{};
  s.seed_low = 17, s.seed_high = 3, s.masks_left = 40;
  s.suppressed0 = s.suppressed1 = none;
  c.sequences = {s, s};
  c.sequences[1].temperature = 0.8f;
  return c;
}

std::vector<tensor::Candidate> candidates(uint32_t rows) {
  std::vector<tensor::Candidate> list;
  for (uint32_t r = 0; r < rows; ++r)
    list.push_back({.row = r,
                    .unconditional_row = none,
                    .sequence = r % 2,
                    .position = 3 * r + 1,
                    .slot = r,
                    .mirror_slot = none,
                    .times_remasked = r / 3});
  return list;
}

std::vector<TokenStats> stats_on(graph::Backend& backend, const Tile& tile, const Case& c) {
  const auto weight = upload_weight(backend, c.w, c.dtype, c.inputs, c.piece);
  const auto partials =
      upload(backend,
             std::vector<std::byte>(tensor::head_scratch_bytes(tile, c.rows, c.vocabulary), std::byte{0xFF}));
  const auto stats = upload(backend, std::vector<TokenStats>(c.rows));
  run(backend, tensor::head(tile, {.x = upload(backend, c.x),
                                   .rows = c.rows,
                                   .weight = weight,
                                   .candidates = upload(backend, candidates(c.rows)),
                                   .sequences = upload(backend, c.sequences),
                                   .partials = partials,
                                   .stats = stats,
                                   .noise = c.noise}));
  return download<TokenStats>(backend, stats);
}

void expect_near(const TokenStats& device, const TokenStats& twin, const std::string& where) {
  const auto tolerance = [](float value) { return 1e-5 * (1 + std::abs(value)); };
  EXPECT_EQ(device.token, twin.token) << where;
  EXPECT_EQ(device.best_token, twin.best_token) << where;
  EXPECT_NEAR(device.logit, twin.logit, tolerance(twin.logit)) << where;
  EXPECT_NEAR(device.log_sum_exp, twin.log_sum_exp, tolerance(twin.log_sum_exp)) << where;
  EXPECT_NEAR(device.entropy, twin.entropy, 1e-4) << where;
  EXPECT_NEAR(device.best_logit, twin.best_logit, tolerance(twin.best_logit)) << where;
  EXPECT_NEAR(device.runner_up, twin.runner_up, tolerance(twin.runner_up)) << where;
  EXPECT_NEAR(device.noised, twin.noised, tolerance(twin.noised)) << where;
}

void expect_definition(const Case& c, const Tile& tile) {
  const auto twins = twins::make_twin_backend();
  const auto device = stats_on(device_backend(), tile, c), twin = stats_on(*twins, tile, c);
  for (size_t r = 0; r < c.rows; ++r)
    expect_near(device[r], twin[r], fmt::format("{}, row {}", name(tile), r));
}

Tile device_tile(uint32_t rows) { return tensor::head_tile(device_backend().traits(), rows); }

bool same_bits(const std::vector<TokenStats>& a, const std::vector<TokenStats>& b, size_t rows) {
  return std::memcmp(a.data(), b.data(), rows * sizeof(TokenStats)) == 0;
}

TEST(Head, EqualsTheDefinitionInEveryKindOfTile) {
  for (const Tile& tile : tile_kinds(device_backend().traits()))
    expect_definition(random_case(35, 1024 + 77), tile);
}

class HeadOf : public testing::TestWithParam<DType> {};

TEST_P(HeadOf, EqualsTheDefinition) {
  Case c = random_case(35, 1024 + 77, odd_inputs(GetParam()));
  for (float& x : c.x)
    x *= 4 / std::sqrt(static_cast<float>(c.inputs));  // logits as large as those of the others
  c.dtype = GetParam();
  expect_definition(c, device_tile(35));
}

INSTANTIATE_TEST_SUITE_P(Formats, HeadOf, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST(Head, AddsNoiseToRowsWithATemperature) {
  // Small tiles: software drivers compile the noise generator once per held row.
  for (const Tile& tile : {device_tile(3), Tile{tensor::TileKind::shared, 16, 8, 1, 4}}) {
    Case c = random_case(6, 1500);
    c.noise = true;
    c.sequences[0].coarse_noise = 0xFF;  // greedy, so that this must not matter
    expect_definition(c, tile);
    const auto stats = stats_on(device_backend(), tile, c);
    EXPECT_EQ(stats[0].token, stats[0].best_token);
    EXPECT_NE(stats[1].token, stats[1].best_token);
  }
}

// Noise of few bits has a largest value, far below that of 32 bits.
TEST(Head, CoarseNoiseIsCut) {
  Case c = random_case(6, 1500);
  c.noise = true;
  c.x.assign(c.x.size(), 0);
  c.sequences[1].temperature = 1;
  c.sequences[1].coarse_noise = 0x0FFFFFFF;
  expect_definition(c, device_tile(6));
  EXPECT_NEAR(stats_on(device_backend(), device_tile(6), c)[1].noised,
              twins::gumbel_from_bits(c.sequences[1].coarse_noise), 1e-5);
}

TEST(Head, WorksOnSmallVocabularies) {
  for (const uint32_t vocabulary : {1u, 37u, 63u}) {
    Case c = random_case(3, vocabulary);
    if (vocabulary > 1) {
      expect_definition(c, device_tile(3));
      continue;
    }
    const auto stats = stats_on(device_backend(), device_tile(3), c);
    EXPECT_EQ(stats[2].token, 0u);
    EXPECT_NEAR(stats[2].entropy, 0, 1e-6);
    EXPECT_EQ(stats[2].log_sum_exp, stats[2].best_logit);
  }
}

TEST(Head, SuppressedTokensAreNeverChosen) {
  Case c = random_case(4, 2100);
  const auto before = stats_on(device_backend(), device_tile(4), c);
  c.sequences[0].suppressed0 = before[0].best_token;
  c.sequences[1].suppressed1 = before[1].best_token;
  expect_definition(c, device_tile(4));
  const auto after = stats_on(device_backend(), device_tile(4), c);
  EXPECT_EQ(after[0].best_logit, before[0].runner_up);
  EXPECT_LT(after[1].log_sum_exp, before[1].log_sum_exp);
}

TEST(Head, TiesGoToTheLowerToken) {
  Case c = random_case(2, 3000);
  c.x.assign(c.x.size(), 0);
  c.sequences[1].suppressed0 = 0;
  const auto stats = stats_on(device_backend(), device_tile(2), c);
  EXPECT_EQ(stats[0].token, 0u);
  EXPECT_EQ(stats[1].token, 1u);
  EXPECT_EQ(stats[0].runner_up, 0.0f);
  EXPECT_NEAR(stats[0].entropy, std::log(3000.0), 1e-4);
}

TEST(Head, LargeAndInfiniteLogitsStayFinite) {
  Case c = random_case(3, 1030);
  for (float& x : c.x) x = 1e3f * std::abs(x);
  for (uint32_t k = 0; k < narrow; ++k) c.w[5 * narrow + k] = -3e38f;  // overflows to minus infinity
  expect_definition(c, device_tile(3));
}

TEST(Head, PiecesAndRowCountsNeverChangeABit) {
  Case c = random_case(37, 5000);
  c.noise = true;
  const auto all = stats_on(device_backend(), device_tile(37), c);
  c.piece = 2048;
  EXPECT_TRUE(same_bits(stats_on(device_backend(), device_tile(37), c), all, 37));
  for (const uint32_t rows : {1u, 3u, 9u}) {
    Case few = c;
    few.rows = rows, few.x.resize(rows * narrow);
    EXPECT_TRUE(same_bits(stats_on(device_backend(), device_tile(rows), few), all, rows)) << rows << " rows";
  }
}

TEST(Head, WritesOnlyItsPartials) {
  Inputs in(9);
  const Case c = random_case(3, 1100);
  const tensor::Weight weight{c.vocabulary, narrow, {{DType::f32, 0, c.vocabulary, in.buffer(c.w)}}};
  const auto dispatches = tensor::head(
      device_tile(3), {.x = in.buffer(c.x),
                       .rows = c.rows,
                       .weight = weight,
                       .candidates = in.buffer(candidates(3)),
                       .sequences = in.buffer(c.sequences),
                       .partials = in.garbage(tensor::head_scratch_bytes(device_tile(3), 3, c.vocabulary)),
                       .stats = in.garbage(3 * sizeof(TokenStats))});
  EXPECT_TRUE(run_both(dispatches[0]).same_elsewhere({"partials"}));
  EXPECT_TRUE(run_both(dispatches[1]).same_elsewhere({"stats"}));
}

}  // namespace
}  // namespace unmask::kernels
