#include "kernels/select_commit.h"

#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

using tensor::Candidate;
using tensor::CommitRule;
using tensor::Confidence;
using tensor::SequenceStep;
using tensor::TokenStats;

double measure(const SequenceStep& sequence, const Candidate& c, const TokenStats& s) {
  switch (static_cast<Confidence>(sequence.confidence)) {
    case Confidence::probability:
      return std::exp(double{s.logit} - s.log_sum_exp);
    case Confidence::random:
      return uniform_from_bits(philox({sequence.masks_left, c.position, tensor::none, c.times_remasked},
                                      {sequence.seed_low, sequence.seed_high})[0]);
    case Confidence::margin:
      return std::exp(double{s.best_logit} - s.log_sum_exp) - std::exp(double{s.runner_up} - s.log_sum_exp);
    case Confidence::negative_entropy:
      return -s.entropy;
    case Confidence::race:
      return double{s.noised} - s.log_sum_exp -
             gumbel_noise(sequence.seed_low, sequence.seed_high, sequence.masks_left, c.position,
                          sequence.suppressed0, c.times_remasked, sequence.coarse_noise);
  }
  return -INFINITY;
}

bool postponed(const SequenceStep& sequence, uint32_t token) {
  return token == sequence.postponed0 || token == sequence.postponed1;
}

double rank_value(const SequenceStep& sequence, const Candidate& c, const TokenStats& s) {
  double value = measure(sequence, c, s);
  if (sequence.rank_temperature > 0) {
    value = value / sequence.rank_temperature + gumbel_noise(sequence.seed_low, sequence.seed_high,
                                                             sequence.masks_left, c.position, 0xFFFFFFFE,
                                                             c.times_remasked);
  }
  return postponed(sequence, s.token) || std::isnan(value) ? -INFINITY : value;
}

// How many of the candidates in rank order.
size_t committed(const SequenceStep& sequence, const std::vector<uint32_t>& order,
                 const std::vector<double>& values, std::span<const TokenStats> stats) {
  const auto rule = static_cast<CommitRule>(sequence.commit_rule);
  double entropy = 0;
  size_t count = 0;
  for (; count < order.size(); ++count) {
    const double value = values[order[count]];
    entropy += stats[order[count]].entropy;
    const double n = static_cast<double>(count) + 1;
    const bool passes =
        (rule == CommitRule::threshold && value >= sequence.commit_parameter) ||
        (rule == CommitRule::entropy && entropy < sequence.commit_parameter) ||
        (rule == CommitRule::factor && (n == 1 || value >= 1 - sequence.commit_parameter / (n + 1)));
    if (!passes) break;
  }
  if (rule == CommitRule::factor && count + 1 == order.size()) ++count;
  return std::min<size_t>(std::max<size_t>(count, sequence.commit_count), order.size());
}

// Where a sequence's commits and edits go.
struct Output {
  std::span<uint32_t> tokens;
  std::span<float> confidence;
  uint32_t* results;

  void write(const Candidate& c, uint32_t token, double value) {
    tokens[c.slot] = token;
    if (c.mirror_slot != tensor::none) tokens[c.mirror_slot] = token;
    confidence[c.slot] = static_cast<float>(value);
    report(c, token);
  }

  void report(const Candidate& c, uint32_t token) {
    *results++ = c.slot;
    *results++ = token;
  }
};

uint32_t edit_sequence(const graph::Dispatch& d, const SequenceStep& sequence, Output& output) {
  uint32_t edits = 0;
  const uint32_t begin = sequence.candidate_begin + sequence.candidate_count;
  for (uint32_t i = begin; i < begin + sequence.edit_count; ++i) {
    const Candidate& c = view<const Candidate>(d, "candidates")[i];
    const TokenStats& s = view<const TokenStats>(d, "stats")[i];
    const double value = std::exp(double{s.best_logit} - s.log_sum_exp);
    if (s.best_token == c.token || postponed(sequence, s.best_token) || !(value > sequence.edit_threshold))
      continue;
    output.write(c, s.best_token, value);
    ++edits;
  }
  return edits;
}

// `most`: the tokens that there is room for in the results.
void commit_sequence(const graph::Dispatch& d, const SequenceStep& sequence, uint32_t most,
                     uint32_t* results) {
  const auto candidates =
      view<const Candidate>(d, "candidates").subspan(sequence.candidate_begin, sequence.candidate_count);
  const auto stats =
      view<const TokenStats>(d, "stats").subspan(sequence.candidate_begin, sequence.candidate_count);
  std::vector<double> values;
  for (size_t i = 0; i < candidates.size(); ++i)
    values.push_back(rank_value(sequence, candidates[i], stats[i]));
  std::vector<uint32_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    return values[a] != values[b] ? values[a] > values[b] : candidates[a].position < candidates[b].position;
  });
  const auto commits = static_cast<uint32_t>(committed(sequence, order, values, stats));
  const uint32_t reported = std::max(commits, std::min({sequence.reported, sequence.candidate_count, most}));
  Output output{view<uint32_t>(d, "tokens"), view<float>(d, "confidence"), results + 4};
  for (uint32_t rank = 0; rank < reported; ++rank) {
    const uint32_t i = order[rank];
    if (rank < commits) {
      output.write(candidates[i], stats[i].token, values[i]);
    } else {
      output.report(candidates[i], stats[i].token);
    }
  }
  const uint32_t edits = edit_sequence(d, sequence, output);
  for (const uint32_t word : {commits, edits, reported, 0u}) *results++ = word;
}

}  // namespace

void select_commit(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::select_commit::Push>();
  const auto sequences = view<const SequenceStep>(d, "sequences");
  for (uint32_t s = 0; s < d.grid.x; ++s)
    commit_sequence(d, sequences[s], (push.result_stride - 4) / 2,
                    view<uint32_t>(d, "results").data() + size_t{s} * push.result_stride);
}

}  // namespace unmask::twins
