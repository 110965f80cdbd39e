#include "decode/cost_model.h"

#include <algorithm>
#include <iterator>

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
  return drafts * draft_seconds_ + verification(drafts + 1);
}

// On the line through the two sizes measured that are nearest; through one alone, in proportion to the
// states.
double CostModel::verification(uint32_t states) const {
  if (verification_.empty()) return 0;
  auto above = verification_.lower_bound(states);
  if (above != verification_.end() && above->first == states) return above->second;
  if (verification_.size() == 1) return verification_.begin()->second * states / verification_.begin()->first;
  if (above == verification_.begin()) ++above;
  if (above == verification_.end()) --above;
  const auto below = std::prev(above);
  const double slope = (above->second - below->second) / (above->first - below->first);
  return below->second + std::max(slope, 0.0) * (static_cast<double>(states) - below->first);
}

uint32_t CostModel::choose(uint32_t most) const {
  if (verification_.count(1) == 0) return 0;
  if (verification_.size() == 1) return std::min(first_drafts, most);
  uint32_t best = 0;
  for (uint32_t drafts = 1; drafts <= most; ++drafts)
    if (steps(drafts) * seconds(best) > steps(best) * seconds(drafts)) best = drafts;
  return best;
}

uint32_t CostModel::next(uint32_t most) {
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
      "Draft length {}: a draft pass takes {:.1f} ms, a verification {:.1f} ms alone and {:.1f} ms with the drafts; "
      "{:.0f}% of drafts are accepted, so that a round is worth {:.2f} plain steps{}.",
      last_, 1e3 * draft_seconds_, 1e3 * verification(1), 1e3 * verification(last_ + 1), 100 * acceptance_,
      steps(last_), last_ == 0 && verification_.size() > 1 ? "; drafting would lose time" : "");
}

}  // namespace unmask::decode
