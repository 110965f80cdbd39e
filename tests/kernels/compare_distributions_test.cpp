// compare_distributions: what a target's distribution says of drafted tokens, and that tokens drawn from the
// draft and replaced where they are refused are distributed as the target's own.
#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/harness.h"
#include "tensor/layouts.h"
#include "tensor/ops.h"

namespace unmask::kernels {
namespace {

using tensor::Judged;
using tensor::none;
using tensor::SequenceStep;
using tensor::Verdict;

struct Trial {
  uint32_t vocabulary;
  std::vector<float> target;  // [judged, vocabulary]
  std::vector<float> draft;   // [kept rows, vocabulary]
  std::vector<Judged> judged;
  std::vector<SequenceStep> sequences;

  uint32_t rows() const { return static_cast<uint32_t>(judged.size()); }
  float& z(uint32_t row, uint32_t token) { return target[size_t{row} * vocabulary + token]; }
  float& z_draft(uint32_t row, uint32_t token) { return draft[size_t{row} * vocabulary + token]; }

  // Judges those from `first` on. Verdicts start as garbage, so a row that must stay untouched shows if it
  // does not.
  graph::Dispatch dispatch(uint32_t first = 0) const {
    const std::vector<float> chunk(target.data() + size_t{first} * vocabulary, target.data() + target.size());
    graph::Recording recording;
    tensor::Ops(device_backend().traits(), recording)
        .compare_distributions({Inputs::buffer(chunk), rows() - first, vocabulary}, first,
                               draft.empty() ? graph::Slice{} : Inputs::buffer(draft), Inputs::buffer(judged),
                               Inputs::buffer(sequences), Inputs::garbage(judged.size() * sizeof(Verdict)));
    return recording.dispatches().front();
  }
};

std::vector<SequenceStep> two_sequences() {
  return {{.seed_low = 5, .seed_high = 6, .masks_left = 40, .suppressed0 = 3, .suppressed1 = none},
          {.seed_low = 7, .seed_high = 8, .masks_left = 11, .suppressed0 = none, .suppressed1 = 0}};
}

// Row i is judged against a draft row in another order; every fifth has none. Temperatures are from 0.3
// to 1.8.
Trial random_trial(uint32_t seed, uint32_t vocabulary, uint32_t rows, float spread) {
  Inputs in(seed);
  Trial trial{vocabulary, in.numbers(size_t{rows} * vocabulary, -spread, spread),
              in.numbers(size_t{rows + 2} * vocabulary, -spread, spread), std::vector<Judged>(rows),
              two_sequences()};
  for (uint32_t i = 0; i < rows; ++i)
    trial.judged[i] = {.row = i,
                       .draft_row = i % 5 == 4 ? none : rows + 1 - i,
                       .sequence = i % 2,
                       .position = 3 * (i / 3),
                       .token = in.index(vocabulary),
                       .temperature = 0.3f + 0.5f * static_cast<float>(i % 4),
                       .draw = i % 3};
  return trial;
}

// To the error of fp32, or as the same infinity, or as the same garbage.
bool agree(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) ||
         std::abs(a - b) <= 2e-5f * std::max(1.0f, std::abs(b));
}

// The device's verdicts, after they were compared with the twin's.
std::vector<Verdict> verdicts_of(const graph::Dispatch& d) {
  const Outcome outcome = run_both(d);
  EXPECT_TRUE(outcome.same_elsewhere({"verdicts"}));
  auto device = outcome.values<Verdict>("verdicts");
  const auto twin = twins::view<const Verdict>(d, "verdicts");
  for (size_t r = 0; r < device.size(); ++r) {
    for (const auto member : {&Verdict::best_token, &Verdict::accepted, &Verdict::replacement})
      EXPECT_EQ(device[r].*member, twin[r].*member) << r;
    for (const auto member :
         {&Verdict::log_p, &Verdict::log_q, &Verdict::best_log_q, &Verdict::divergence, &Verdict::entropy})
      EXPECT_PRED2(agree, device[r].*member, twin[r].*member) << r;
  }
  return device;
}

size_t accepted(const std::vector<Verdict>& verdicts) {
  return std::ranges::count(verdicts, 1u, &Verdict::accepted);
}

TEST(CompareDistributions, MatchesTheDefinitionOnOddShapes) {
  for (const uint32_t vocabulary : {1003u, 128u, 129u, 5u, 1u}) {
    const std::vector<Verdict> verdicts = verdicts_of(random_trial(31, vocabulary, 37, 3).dispatch());
    EXPECT_GT(accepted(verdicts), 7u) << vocabulary;  // those without a draft row, and more
    EXPECT_LT(accepted(verdicts), vocabulary > 1 ? 37u : 38u) << vocabulary;
  }
}

TEST(CompareDistributions, JudgesAChunkOfAll) {
  const graph::Dispatch d = random_trial(32, 259, 23, 3).dispatch(6);
  const std::vector<Verdict> verdicts = verdicts_of(d);
  EXPECT_EQ(verdicts[5].accepted, none) << "not of the chunk";
  EXPECT_LE(verdicts[6].accepted, 1u);
}

TEST(CompareDistributions, LeavesPaddingAlone) {
  Trial trial = random_trial(33, 131, 5, 3);
  trial.judged[2].row = none;
  EXPECT_EQ(verdicts_of(trial.dispatch())[2].accepted, none);
}

TEST(CompareDistributions, NeedsNoDraft) {
  Trial trial = random_trial(34, 1003, 9, 3);
  trial.draft.clear();
  for (Judged& j : trial.judged) j.draft_row = none;
  for (const Verdict& v : verdicts_of(trial.dispatch())) {
    EXPECT_EQ(v.accepted, 1u);
    EXPECT_EQ(v.log_p, 0.0f);
    EXPECT_EQ(v.divergence, 0.0f);
  }
}

// The suppressed token would otherwise be the best of both, and its own judge refuses it.
TEST(CompareDistributions, SuppressedTokensAreNeverChosen) {
  Trial trial = random_trial(35, 517, 20, 2);
  for (uint32_t i = 0; i < trial.rows(); ++i) {
    const uint32_t suppressed = i % 2 ? 0 : 3;
    trial.z(i, suppressed) = 50;
    if (trial.judged[i].draft_row != none) trial.z_draft(trial.judged[i].draft_row, suppressed) = 40;
    if (i % 4 < 2) trial.judged[i].token = suppressed;
  }
  const std::vector<Verdict> verdicts = verdicts_of(trial.dispatch());
  for (uint32_t i = 0; i < trial.rows(); ++i) {
    const uint32_t suppressed = i % 2 ? 0 : 3;
    EXPECT_NE(verdicts[i].best_token, suppressed) << i;
    EXPECT_NE(verdicts[i].replacement, suppressed) << i;
    if (trial.judged[i].token != suppressed) continue;
    EXPECT_EQ(verdicts[i].log_q, -INFINITY) << i;
    EXPECT_EQ(verdicts[i].accepted, trial.judged[i].draft_row == none ? 1u : 0u) << i;
  }
}

TEST(CompareDistributions, AcceptsWhatBothModelsSayAlike) {
  Trial trial = random_trial(36, 1003, 30, 6);
  for (uint32_t i = 0; i < trial.rows(); ++i) {
    trial.judged[i].draft_row = i;
    std::copy_n(&trial.z(i, 0), trial.vocabulary, &trial.z_draft(i, 0));
    if (trial.judged[i].token == (i % 2 ? 0 : 3)) trial.judged[i].token = 7;  // suppressed
  }
  for (const Verdict& v : verdicts_of(trial.dispatch())) {
    EXPECT_EQ(v.divergence, 0.0f);
    EXPECT_EQ(v.accepted, 1u);
    EXPECT_LT(v.replacement, trial.vocabulary);
  }
}

TEST(CompareDistributions, TiesGoToTheLowerToken) {
  Trial trial = random_trial(37, 517, 40, 1);
  Inputs in(38);
  for (float& z : trial.target) z = static_cast<float>(in.index(3));
  for (float& z : trial.draft) z = static_cast<float>(in.index(3));
  const std::vector<Verdict> verdicts = verdicts_of(trial.dispatch());
  for (uint32_t i = 0; i < trial.rows(); ++i) {
    trial.z(i, i % 2 ? 0 : 3) = 0;  // suppressed
    const float* row = &trial.z(i, 0);
    EXPECT_EQ(verdicts[i].best_token, std::find(row, row + trial.vocabulary, 2.0f) - row) << i;
  }
}

// Logits that fp32 can barely hold apart: nothing overflows to what is not a number.
TEST(CompareDistributions, ToleratesExtremeLogits) {
  Trial trial = random_trial(39, 130, 12, 3);
  for (uint32_t i = 0; i < trial.rows(); ++i) {
    trial.judged[i].token = 20;
    trial.judged[i].draft_row = i;
    trial.z(i, 20) = std::array{-80.0f, -500.0f, -3e38f, -INFINITY}[i % 4];
    trial.z(i, 22) = trial.z_draft(i, 22) = -3e38f;
    trial.z_draft(i, 21) = std::array{-3e38f, -INFINITY, 60.0f}[i % 3];
  }
  const std::vector<Verdict> verdicts = verdicts_of(trial.dispatch());
  EXPECT_EQ(accepted(verdicts), 0u);
  EXPECT_EQ(verdicts[3].log_q, -INFINITY);
  EXPECT_EQ(verdicts[3].divergence, INFINITY);
  EXPECT_LT(verdicts[1].log_q, -270.0f);
}

TEST(CompareDistributions, ToleratesRowsOfMinusInfinity) {
  Trial trial = random_trial(40, 130, 4, 3);
  for (Judged& j : trial.judged) j.draft_row = j.row;
  std::fill_n(&trial.z(0, 0), 130, -INFINITY);
  std::fill_n(&trial.z_draft(1, 0), 130, -INFINITY);
  const std::vector<Verdict> verdicts = verdicts_of(trial.dispatch());
  EXPECT_EQ(verdicts[0].best_token, none);
  EXPECT_EQ(verdicts[0].replacement, none);
  EXPECT_EQ(verdicts[0].entropy, 0.0f);
  EXPECT_EQ(verdicts[1].accepted, 0u) << "a token that p excludes";
  EXPECT_LT(verdicts[1].replacement, 130u);
}

// Tokens drawn from p with the noise that drafts them, and judged under q: seven tokens, one of them
// suppressed. The twin makes as many draws as it takes to tell; the device agrees with it on the first of
// them.
class Draws : public testing::Test {
 protected:
  static constexpr uint32_t vocabulary = 7, count = 50000;
  static constexpr float temperature = 0.8f;

  void SetUp() override {
    for (uint32_t i = 0; i < count; ++i) {
      std::copy(q_logits_.begin(), q_logits_.end(), &trial_.z(i, 0));
      trial_.judged[i] = {
          .row = i, .draft_row = 0, .position = i, .token = drafted(i), .temperature = temperature};
    }
    judge();
  }

  void judge() {
    const graph::Dispatch d = trial_.dispatch();
    twins::find_twin(d.kernel->name)(d);
    const auto verdicts = twins::view<const Verdict>(d, "verdicts");
    verdicts_.assign(verdicts.begin(), verdicts.end());
  }

  uint32_t drafted(uint32_t position) const {
    const SequenceStep& s = trial_.sequences[0];
    std::array<double, vocabulary> scores;
    for (uint32_t t = 0; t < vocabulary; ++t)
      scores[t] = t == s.suppressed0
                      ? -std::numeric_limits<double>::infinity()
                      : trial_.draft[t] / temperature +
                            twins::gumbel_noise(s.seed_low, s.seed_high, s.masks_left, position, t, 0);
    return static_cast<uint32_t>(std::ranges::max_element(scores) - scores.begin());
  }

  std::array<double, vocabulary> softmax(const std::vector<float>& z) const {
    std::array<double, vocabulary> p;
    for (uint32_t t = 0; t < vocabulary; ++t)
      p[t] = t == trial_.sequences[0].suppressed0 ? 0 : std::exp(z[t] / temperature);
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& x : p) x /= sum;
    return p;
  }

  // Pearson's statistic of tokens against q.
  template <typename TokenOf>
  double chi_square(TokenOf token_of) const {
    std::array<double, vocabulary> counts{};
    for (uint32_t i = 0; i < count; ++i) ++counts[token_of(i)];
    const auto q = softmax(q_logits_);
    double sum = 0;
    for (uint32_t t = 0; t < vocabulary; ++t)
      if (q[t] > 0) sum += std::pow(counts[t] - count * q[t], 2) / (count * q[t]);
    return sum;
  }

  // Several tokens are likelier under q, so that noise shared with the draft would show in which replaces
  // another.
  const std::vector<float> q_logits_ = {0.3f, 1.6f, -0.7f, 2, 0.9f, 1.2f, -0.9f};
  Trial trial_{vocabulary,
               std::vector<float>(size_t{count} * vocabulary),
               {1.1f, 0.9f, 0.4f, 1, 1.3f, -2.5f, -1},
               std::vector<Judged>(count),
               two_sequences()};
  std::vector<Verdict> verdicts_;
};

constexpr double chi_square_999 = 20.5;  // exceeded once in a thousand, 5 degrees of freedom

TEST_F(Draws, AcceptedOrReplacedAreOfTheTarget) {
  EXPECT_LT(chi_square([&](uint32_t i) {
              return verdicts_[i].accepted ? trial_.judged[i].token : verdicts_[i].replacement;
            }),
            chi_square_999);
  EXPECT_GT(chi_square([&](uint32_t i) { return trial_.judged[i].token; }), 1000)
      << "the test can tell p from q";
  EXPECT_GT(chi_square([&](uint32_t i) { return verdicts_[i].replacement; }), 1000);
}

// The share that is accepted is sum min(p, q).
TEST_F(Draws, AreAcceptedAsOftenAsDistributionsOverlap) {
  const auto p = softmax(trial_.draft), q = softmax(q_logits_);
  double overlap = 0;
  for (uint32_t t = 0; t < vocabulary; ++t) overlap += std::min(p[t], q[t]);
  const double deviation = std::sqrt(overlap * (1 - overlap) / count);
  EXPECT_NEAR(static_cast<double>(accepted(verdicts_)) / count, overlap, 4 * deviation);
}

TEST_F(Draws, AreTheSameOnTheDevice) {
  trial_.judged.resize(500);
  trial_.target.resize(size_t{500} * vocabulary);
  const std::vector<Verdict> device = verdicts_of(trial_.dispatch());
  EXPECT_GT(accepted(device), 100u);
  EXPECT_LT(accepted(device), 400u);
}

TEST_F(Draws, WithoutADraftReplacementsAreOfTheTarget) {
  for (Judged& j : trial_.judged) j.draft_row = none;
  judge();
  EXPECT_LT(chi_square([&](uint32_t i) { return verdicts_[i].replacement; }), chi_square_999);
}

}  // namespace
}  // namespace unmask::kernels
