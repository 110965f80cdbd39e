#include "decode/cost_model.h"

#include <gtest/gtest.h>

namespace unmask::decode {
namespace {

// A device on which a verification takes `fixed` seconds and `each` more per row.
struct Device {
  double fixed, each, draft = 0;
  uint32_t rows = 1;  // of one state of every text

  // Rounds in which `accepted` of the drafts are good, as many as there are. The last answer.
  uint32_t after(uint32_t rounds, uint32_t accepted) const {
    CostModel costs;
    uint32_t drafts = 0;
    for (uint32_t i = 0; i < rounds; ++i) {
      drafts = costs.next(8, rows);
      if (drafts > 0 && draft > 0) costs.observe_draft(draft);
      costs.observe_verification(rows * (drafts + 1), fixed + each * rows * (drafts + 1));
      if (drafts > 0) costs.observe_acceptance(std::min(accepted, drafts), drafts);
    }
    return drafts;
  }
};

TEST(CostModel, MeasuresBeforeItDecides) {
  CostModel costs;
  EXPECT_EQ(costs.next(8, 4), 0u);
  costs.observe_verification(4, 1.0);
  EXPECT_GT(costs.next(8, 4), 0u);
}

// The first pass of a batch has the rows of whole prompts, about as many as a round with one draft has.
TEST(CostModel, MeasuresARoundWithoutDraftsAndOneWithThem) {
  CostModel costs;
  costs.observe_verification(1190, 1.19);
  EXPECT_EQ(costs.next(8, 640), 0u);
  costs.observe_verification(640, 0.64);
  EXPECT_EQ(costs.next(8, 640), 1u);
  costs.observe_verification(1280, 1.28);
  EXPECT_EQ(costs.next(8, 640), 0u);
}

TEST(CostModel, DraftsAsFarAsStatesAreFree) { EXPECT_EQ((Device{1, 0}.after(40, 8)), 8u); }

TEST(CostModel, DraftsNothingWhereStatesCostAsMuchAsSteps) {
  EXPECT_EQ((Device{0, 1}.after(30, 8)), 0u);
  EXPECT_EQ((Device{0, 1}.after(30, 0)), 0u);
}

TEST(CostModel, DraftsNothingWhereNothingIsAccepted) { EXPECT_EQ((Device{1, 0.2}.after(60, 0)), 0u); }

TEST(CostModel, CountsWhatDraftsCost) {
  EXPECT_GT((Device{1, 0.01, 0.05}.after(40, 8)), 3u);
  EXPECT_EQ((Device{1, 0.01, 2}.after(30, 8)), 0u);
}

TEST(CostModel, KnowsThatOtherTextsShareThePass) {
  EXPECT_GT((Device{1, 0.1, 0}.after(40, 8)), 3u);
  EXPECT_EQ((Device{1, 0.1, 0, 50}.after(30, 1)), 0u);
}

// Texts end one after the other, and passes become cheaper, drafts or not.
TEST(CostModel, ComparesRoundsOfAsManyTexts) {
  CostModel costs;
  uint32_t drafts = 0;
  for (uint32_t texts = 50; texts > 10; --texts) {
    drafts = costs.next(8, texts);
    costs.observe_verification(texts * (drafts + 1), 0.01 * texts * (drafts + 1));
    if (drafts > 0) costs.observe_acceptance(1, drafts);
  }
  EXPECT_EQ(drafts, 0u);
}

// The difference between 5% of gain and 5% of loss is within what passes vary by.
TEST(CostModel, DraftsNothingForAGainThatMayBeChance) {
  EXPECT_EQ((Device{0, 1}.after(40, 8)), 0u);
  EXPECT_EQ((Device{0.05, 1}.after(40, 8)), 0u);
  EXPECT_GT((Device{1, 1}.after(40, 8)), 0u);
}

TEST(CostModel, TriesAgain) {
  const Device device{0, 1};
  uint32_t retries = 0;
  for (uint32_t rounds = 40; rounds < 80; ++rounds) retries += device.after(rounds, 0) > 0;
  EXPECT_GT(retries, 0u);
  EXPECT_LT(retries, 8u);
}

TEST(PassCost, IsTheLineThroughWhatWasMeasured) {
  PassCost cost;
  for (const uint32_t rows : {4, 16, 8, 64, 4}) cost.observe(rows, 2 + 0.5 * rows);
  EXPECT_NEAR(cost.seconds(4), 4, 1e-9);
  EXPECT_NEAR(cost.seconds(100), 52, 1e-9);
}

// Passes of almost one size, whose seconds vary by chance, say little about what a row takes.
TEST(PassCost, RemembersWhatPassesOfAnotherSizeTook) {
  PassCost cost;
  cost.observe(640, 640);
  for (uint32_t i = 0; i < 100; ++i) cost.observe(1280 - 32 * (i % 2), 1264);
  EXPECT_NEAR(cost.seconds(640), 640, 5);
}

TEST(PassCost, ForgetsWhatAnotherLineWas) {
  PassCost cost;
  for (int i = 0; i < 20; ++i) cost.observe(4 + 4 * (i % 2), 100);
  for (int i = 0; i < 200; ++i) cost.observe(4 + 4 * (i % 2), 1 + 0.25 * (4 + 4 * (i % 2)));
  EXPECT_NEAR(cost.seconds(16), 5, 0.1);
}

TEST(PassCost, GrowsWithTheRowsAtMostInProportion) {
  PassCost one;
  one.observe(4, 2);
  EXPECT_DOUBLE_EQ(one.seconds(8), 4);
  PassCost falling, steep;
  for (const uint32_t rows : {4, 8}) falling.observe(rows, 10.0 - rows), steep.observe(rows, rows * rows);
  EXPECT_DOUBLE_EQ(falling.seconds(40), falling.seconds(4));
  EXPECT_NEAR(steep.seconds(0), 0, 1e-9);
}

TEST(CostModel, ExpectsWhatTheSeriesSays) {
  CostModel costs;
  for (int i = 0; i < 200; ++i) costs.observe_acceptance(1, 1);
  EXPECT_NEAR(costs.steps(3), 4, 1e-6);
  for (int i = 0; i < 400; ++i) costs.observe_acceptance(0, 1);
  EXPECT_NEAR(costs.steps(3), 1, 1e-6);
}

}  // namespace
}  // namespace unmask::decode
