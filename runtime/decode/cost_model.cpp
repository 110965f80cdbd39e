#include "decode/cost_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace unmask::decode {

namespace {

constexpr double memory = 0.9;            // of exponential moving averages
constexpr uint32_t rounds_to_retry = 16;  // without drafts
constexpr uint32_t first_drafts = 3;      // the second size that is measured, after none

void move(double& average, double value) { average = memory * average + (1 - memory) * value; }

}  // namespace

void CostModel::observe_draft(double seconds) {
  if (draft_seconds_ == 0) draft_seconds_ = seconds;
  move(draft_seconds_, seconds);
}

void CostModel::observe_verification(uint32_t states, double seconds) {
  move(verification_.try_emplace(states, seconds).first->second, seconds);
}

void CostModel::observe_acceptance(uint32_t accepted, uint32_t drafted) {
  // A rejected draft is one observation, and ends the round's: what was drafted after it was not judged.
  const uint32_t judged = std::min(accepted + 1, drafted);
  for (uint32_t i = 0; i < judged; ++i) move(acceptance_, i < accepted ? 1 : 0);
}

double CostModel::steps(uint32_t drafts) const {
  double expected = 1, reached = 1;
  for (uint32_t i = 0; i < drafts; ++i) expected += reached *= acceptance_;
  return expected;
}

double CostModel::seconds(uint32_t drafts) const {
  return drafts * draft_seconds_ + verification(texts_ * (drafts + 1));
}

// On the line of least squares through all that was measured; of one size alone, in proportion to the states.
double CostModel::verification(uint32_t states) const {
  if (verification_.empty()) return 0;
  if (verification_.size() == 1) return verification_.begin()->second * states / verification_.begin()->first;
  double mean_states = 0, mean_seconds = 0;
  for (const auto& [n, seconds] : verification_) mean_states += n, mean_seconds += seconds;
  mean_states /= static_cast<double>(verification_.size());
  mean_seconds /= static_cast<double>(verification_.size());
  double together = 0, squares = 0;
  for (const auto& [n, seconds] : verification_) {
    together += (n - mean_states) * (seconds - mean_seconds);
    squares += (n - mean_states) * (n - mean_states);
  }
  return std::max(mean_seconds + std::max(together / squares, 0.0) * (states - mean_states), 0.0);
}

uint32_t CostModel::choose(uint32_t most) const {
  if (verification_.empty()) return 0;
  // Two sizes close to each other, as a few texts more or less have, would give a line in any direction.
  if (verification_.size() < 3 && verification_.rbegin()->first < 2 * verification_.begin()->first)
    return std::min(first_drafts, most);
  uint32_t best = 0;
  for (uint32_t drafts = 1; drafts <= most; ++drafts)
    if (steps(drafts) * seconds(best) > steps(best) * seconds(drafts)) best = drafts;
  return best;
}

uint32_t CostModel::next(uint32_t most, uint32_t texts) {
  texts_ = texts;
  last_ = choose(most);
  rounds_without_ = last_ > 0 ? 0 : rounds_without_ + 1;
  if (rounds_without_ == rounds_to_retry) {
    rounds_without_ = 0;
    last_ = std::min(1u, most);
  }
  return last_;
}

std::string CostModel::explanation() const {
  return fmt::format(
      "Draft length {}: a draft pass takes {:.1f} ms, a verification {:.1f} ms without drafts and {:.1f} ms with them; "
      "{:.0f}% of drafts are accepted, so that a round is worth {:.2f} plain steps{}.",
      last_, 1e3 * draft_seconds_, 1e3 * verification(texts_), 1e3 * verification(texts_ * (last_ + 1)),
      100 * acceptance_, steps(last_),
      last_ == 0 && verification_.size() > 1 ? "; drafting would lose time" : "");
}

}  // namespace unmask::decode
