// filtered_sample and select_commit: what turns statistics of candidates into tokens.
#include <numeric>

#include "kernels/filtered_sample.h"
#include "kernels/harness.h"
#include "kernels/select_commit.h"
#include "tensor/layouts.h"

namespace unmask::kernels {
namespace {

using tensor::Candidate;
using tensor::CommitRule;
using tensor::Confidence;
using tensor::none;
using tensor::SequenceStep;
using tensor::TokenStats;

SequenceStep sampling(float temperature, uint32_t top_k, float top_p) {
  return {.seed_low = 5,
          .seed_high = 6,
          .temperature = temperature,
          .masks_left = 40,
          .suppressed0 = 3,
          .suppressed1 = none,
          .postponed0 = none,
          .postponed1 = none,
          .top_k = top_k,
          .top_p = top_p};
}

// A few rows of each way to sample, from a vocabulary that is no multiple of the workgroup.
const std::vector<SequenceStep>& sampling_ways() {
  static const std::vector<SequenceStep> ways = {
      sampling(1, 0, 0.9f),  sampling(0.7f, 5, 1),   sampling(1.3f, 40, 0.6f), sampling(1, 1, 1),
      sampling(2, 0, 0),     sampling(0, 5, 0.5f),   sampling(1, 0, 1),        sampling(1, 100000, 1),
      sampling(1, 3, 0.99f), sampling(0.2f, 0, 0.3f)};
  return ways;
}

// Stats start as garbage, so a row that must stay untouched shows if it does not.
graph::Dispatch sample(const std::vector<float>& logits, const std::vector<Candidate>& candidates,
                       uint32_t first_row, uint32_t rows, uint32_t vocabulary) {
  return graph::dispatch<filtered_sample>(
      filtered_sample::kernel(),
      {Inputs::buffer(logits), Inputs::buffer(candidates), Inputs::buffer(sampling_ways()),
       Inputs::garbage(candidates.size() * sizeof(TokenStats))},
      {.first_row = first_row, .rows = rows, .vocabulary = vocabulary}, {}, {rows}, "sample");
}

std::vector<Candidate> candidates_of(uint32_t count) {
  std::vector<Candidate> candidates(count);
  for (uint32_t i = 0; i < count; ++i)
    candidates[i] = {.sequence = i % static_cast<uint32_t>(sampling_ways().size()),
                     .position = 3 * i,
                     .slot = i,
                     .mirror_slot = none,
                     .times_remasked = i % 2};
  return candidates;
}

TEST(FilteredSample, MatchesASortedVocabulary) {
  const uint32_t vocabulary = 1003, first = 2, rows = 41;
  Inputs in(12);
  std::vector<Candidate> candidates = candidates_of(first + rows);
  candidates[7].slot = none;
  std::vector<float> logits = in.numbers(rows * vocabulary, -6, 6);
  for (uint32_t r = 0; r < rows; ++r) logits[r * vocabulary + 3] = 50;  // suppressed
  EXPECT_TRUE(run_both(sample(logits, candidates, first, rows, vocabulary)).same_elsewhere({}));
}

// Rows whose other statistics follow the filters too: those of softmax(z / temperature) over the kept tokens.
TEST(FilteredSample, RanksAsItSamples) {
  const uint32_t vocabulary = 1003;
  std::vector<SequenceStep> ways = sampling_ways();
  for (SequenceStep& s : ways) s.ranked_as_sampled = 1;
  const auto rows = static_cast<uint32_t>(3 * ways.size());
  Inputs in(19);
  graph::Dispatch d = sample(in.numbers(rows * vocabulary, -6, 6), candidates_of(rows), 0, rows, vocabulary);
  d.buffers[2] = Inputs::buffer(ways);
  const Outcome outcome = run_both(d);
  const auto device = outcome.values<TokenStats>("stats");
  const auto twin = twins::view<const TokenStats>(d, "stats");
  for (uint32_t r = 0; r < rows; ++r) {
    EXPECT_EQ(device[r].token, twin[r].token) << r;
    EXPECT_EQ(device[r].best_token, twin[r].best_token) << r;
    for (const auto member : {&TokenStats::logit, &TokenStats::log_sum_exp, &TokenStats::entropy,
                              &TokenStats::best_logit, &TokenStats::runner_up}) {
      if (device[r].*member != twin[r].*member) {  // infinities, which have no difference
        EXPECT_NEAR(device[r].*member, twin[r].*member, 2e-5) << r;
      }
    }
  }
}

// Many tokens share each logit, so the last kept one is decided by its id.
TEST(FilteredSample, TiesGoToTheLowerId) {
  const uint32_t vocabulary = 517, rows = 60;
  Inputs in(13);
  std::vector<float> logits(rows * vocabulary);
  for (float& z : logits) z = static_cast<float>(in.index(4));
  EXPECT_TRUE(run_both(sample(logits, candidates_of(rows), 0, rows, vocabulary)).same_elsewhere({}));
}

TEST(FilteredSample, ToleratesMinusInfinityAndTinyVocabularies) {
  const uint32_t vocabulary = 2, rows = 10;
  std::vector<float> logits(rows * vocabulary, -INFINITY);
  for (uint32_t r = 0; r < rows; r += 2) logits[r * vocabulary + 1] = -3e38f;
  EXPECT_TRUE(run_both(sample(logits, candidates_of(rows), 0, rows, vocabulary)).same_elsewhere({}));
}

struct Commits {
  std::vector<SequenceStep> sequences;
  std::vector<Candidate> candidates;
  std::vector<TokenStats> stats;
  uint32_t slots = 0;

  // Statistics come from a short list, so many candidates tie.
  void add(Inputs& in, uint32_t count, uint32_t commits, Confidence confidence) {
    SequenceStep s = sampling(1, 0, 1);
    s.candidate_begin = static_cast<uint32_t>(candidates.size());
    s.candidate_count = count, s.commit_count = commits, s.confidence = static_cast<uint32_t>(confidence);
    s.postponed0 = 2, s.seed_low = count;
    const auto sequence = static_cast<uint32_t>(sequences.size());
    std::vector<uint32_t> positions(count);
    std::iota(positions.begin(), positions.end(), 0);
    for (uint32_t i = 0; i < count; ++i) std::swap(positions[i], positions[in.index(count)]);
    for (const uint32_t position : positions) {
      candidates.push_back({.sequence = sequence,
                            .position = position,
                            .slot = slots + 2 * position,
                            .mirror_slot = in.index(2) ? slots + 2 * position + 1 : none,
                            .times_remasked = in.index(3)});
      const auto level = static_cast<float>(in.index(5));
      stats.push_back({.token = in.index(9),
                       .logit = -level,
                       .log_sum_exp = 1,
                       .entropy = level,
                       .best_token = 1,
                       .best_logit = -level / 2,
                       .runner_up = in.index(2) ? -level : -INFINITY});
    }
    sequences.push_back(s);
    slots += 2 * count;
  }

  graph::Dispatch dispatch() const {
    uint32_t most = 0;
    for (const SequenceStep& s : sequences)
      most = std::max(most, (s.commit_rule == 0 ? s.commit_count : s.candidate_count) + s.edit_count);
    const uint32_t stride = 4 + 2 * most;
    return graph::dispatch<select_commit>(
        select_commit::kernel(),
        {Inputs::buffer(sequences), Inputs::buffer(candidates), Inputs::buffer(stats),
         Inputs::garbage(4 * slots), Inputs::garbage(4 * slots),
         Inputs::garbage(4 * stride * sequences.size())},
        {.result_stride = stride}, {}, {static_cast<uint32_t>(sequences.size())}, "commit");
  }
};

TEST(SelectCommit, RanksEverySequenceByItsOwnMeasure) {
  Inputs in(14);
  Commits commits;
  for (const Confidence c :
       {Confidence::probability, Confidence::random, Confidence::margin, Confidence::negative_entropy}) {
    commits.add(in, 157, 13, c);
    commits.add(in, 1, 1, c);
    commits.add(in, 31, 0, c);
    commits.add(in, 5, 9, c);
  }
  const Outcome outcome = run_both(commits.dispatch());
  EXPECT_TRUE(outcome.same_elsewhere({"confidence"}));
  EXPECT_LE(outcome.error("confidence"), 1e-6);
}

// Entropies and parameters are such that no sum comes near a limit.
TEST(SelectCommit, CommitsMoreByItsRule) {
  Inputs in(17);
  Commits commits;
  const auto add = [&](uint32_t count, uint32_t at_least, Confidence c, CommitRule rule, float parameter) {
    commits.add(in, count, at_least, c);
    commits.sequences.back().commit_rule = static_cast<uint32_t>(rule);
    commits.sequences.back().commit_parameter = parameter;
  };
  for (const float threshold : {0.0f, 0.1f, 0.5f}) {
    add(139, 1, Confidence::probability, CommitRule::threshold, threshold);
    add(7, 5, Confidence::margin, CommitRule::threshold, threshold);
  }
  for (const float nats : {0.5f, 20.5f, 1e6f}) {
    add(139, 1, Confidence::negative_entropy, CommitRule::entropy, nats);
    add(9, 3, Confidence::probability, CommitRule::entropy, nats);
  }
  for (const float factor : {0.7f, 1.9f, 2.3f, 30.0f, 1e6f}) {
    add(139, 1, Confidence::probability, CommitRule::factor, factor);
    add(3, 1, Confidence::probability, CommitRule::factor, factor);
    add(2, 1, Confidence::probability, CommitRule::factor, factor);
    add(1, 1, Confidence::probability, CommitRule::factor, factor);
  }
  EXPECT_TRUE(run_both(commits.dispatch()).same_elsewhere({"confidence"}));
}

// Whether a mask is revealed at all: its token's noised probability against the noise of staying a mask.
TEST(SelectCommit, RacesAgainstTheMask) {
  Inputs in(21);
  Commits commits;
  for (const uint32_t coarse : {0u, 0xFFu}) {
    for (const float threshold : {-2.0f, 0.0f, 3.0f}) {
      commits.add(in, 83, 0, Confidence::race);
      SequenceStep& s = commits.sequences.back();
      s.commit_rule = static_cast<uint32_t>(CommitRule::threshold);
      s.commit_parameter = threshold, s.coarse_noise = coarse;
    }
  }
  for (TokenStats& s : commits.stats) s.noised = in.number(-1, 4);
  const Outcome outcome = run_both(commits.dispatch());
  EXPECT_TRUE(outcome.same_elsewhere({"confidence"}));
  EXPECT_LE(outcome.error("confidence"), 1e-6);
}

TEST(SelectCommit, DrawsByRankTemperature) {
  Inputs in(18);
  Commits commits;
  for (const float temperature : {0.1f, 1.0f, 30.0f}) {
    commits.add(in, 61, 17, Confidence::negative_entropy);
    commits.sequences.back().rank_temperature = temperature;
  }
  const Outcome outcome = run_both(commits.dispatch());
  EXPECT_TRUE(outcome.same_elsewhere({"confidence"}));
  EXPECT_LE(outcome.error("confidence"), 1e-6);
}

TEST(SelectCommit, TakesTheMostCandidatesItPromises) {
  Inputs in(15);
  Commits commits;
  commits.add(in, 4096, 4096, Confidence::probability);
  EXPECT_TRUE(run_both(commits.dispatch()).same_elsewhere({"confidence"}));
}

// Of the last candidates of each sequence, whose tokens are 0 or 1; the best one is 1, 3 or the postponed 2.
TEST(SelectCommit, EditsTheTokensBehindTheMasks) {
  Inputs in(23);
  Commits commits;
  for (const float threshold : {0.0f, 0.2f, 0.9f}) {
    for (const uint32_t edits : {150u, 1u, 157u}) {
      commits.add(in, 157, 5, Confidence::probability);
      SequenceStep& s = commits.sequences.back();
      s.candidate_count -= edits, s.commit_count = std::min(s.commit_count, s.candidate_count);
      s.edit_count = edits, s.edit_threshold = threshold;
    }
  }
  for (Candidate& c : commits.candidates) c.token = in.index(2);
  for (TokenStats& s : commits.stats) s.best_token = 1 + in.index(3);
  commits.stats[20].best_logit = NAN;
  const Outcome outcome = run_both(commits.dispatch());
  EXPECT_TRUE(outcome.same_elsewhere({"confidence"}));
  EXPECT_LE(outcome.error("confidence"), 1e-6);
  EXPECT_GT(outcome.values<uint32_t>("results").at(1), 0u);
}

TEST(SelectCommit, ReportsMoreThanItCommits) {
  Inputs in(24);
  Commits commits;
  for (const uint32_t reported : {0u, 3u, 12u, 40u, 5000u}) {
    commits.add(in, 40, 5, Confidence::probability);
    commits.sequences.back().reported = reported;
  }
  EXPECT_TRUE(run_both(commits.dispatch()).same_elsewhere({"confidence"}));
}

TEST(SelectCommit, NotANumberRanksLast) {
  Inputs in(16);
  Commits commits;
  commits.add(in, 20, 19, Confidence::probability);
  commits.stats[4].logit = NAN;
  commits.stats[11].log_sum_exp = -INFINITY;
  commits.stats[11].logit = -INFINITY;
  EXPECT_TRUE(run_both(commits.dispatch()).same_elsewhere({"confidence"}));
}

}  // namespace
}  // namespace unmask::kernels
