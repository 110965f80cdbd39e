#include "decode/cost_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace unmask::decode {

namespace {

constexpr double memory = 0.9;            // of exponential moving averages
constexpr uint32_t rounds_to_retry = 16;  // without drafts
constexpr uint32_t first_drafts = 3;      // before anything was measured

double moved(double average, double value) { return memory * average + (1 - memory) * value; }

}  // namespace

void CostModel::observe_draft(double seconds) {
  draft_seconds_ = draft_seconds_ == 0 ? seconds : moved(draft_seconds_, seconds);
}

void CostModel::observe_verification(uint32_t states, double seconds) {
  const double x = states;
  weight_ = memory * weight_ + 1, states_ = memory * states_ + x, seconds_ = memory * seconds_ + seconds;
  squares_ = memory * squares_ + x * x, products_ = memory * products_ + x * seconds;
}

void CostModel::observe_acceptance(uint32_t accepted, uint32_t drafted) {
  // A rejected draft is one observation, and ends the round's: what was drafted after it was not judged.
  const uint32_t judged = std::min(accepted + 1, drafted);
  for (uint32_t i = 0; i < judged; ++i) acceptance_ = moved(acceptance_, i < accepted ? 1 : 0);
}

double CostModel::steps(uint32_t drafts) const {
  double expected = 1, reached = 1;
  for (uint32_t i = 0; i < drafts; ++i) expected += reached *= acceptance_;
  return expected;
}

double CostModel::seconds(uint32_t drafts) const {
  if (weight_ == 0) return 0;
  const double x = states_ / weight_, y = seconds_ / weight_;
  const double variance = squares_ / weight_ - x * x;
  // Until two sizes were seen, half of the cost counts as growing with the states.
  const double slope = variance > 1e-9 ? std::max(0.0, (products_ / weight_ - x * y) / variance) : y / x / 2;
  return drafts * draft_seconds_ + std::max(0.0, y + slope * (drafts + 1 - x));
}

uint32_t CostModel::best(uint32_t most) const {
  uint32_t best = 0;
  for (uint32_t drafts = 1; drafts <= most; ++drafts)
    if (steps(drafts) * seconds(best) > steps(best) * seconds(drafts)) best = drafts;
  return best;
}

uint32_t CostModel::next(uint32_t most) {
  last_ = weight_ == 0 ? std::min(first_drafts, most) : best(most);
  if (last_ > 0) {
    rounds_without_ = 0;
  } else if (++rounds_without_ % rounds_to_retry == 0) {
    last_ = std::min(1u, most);
  }
  return last_;
}

std::string CostModel::explanation() const {
  return fmt::format(
      "Draft length {}: a draft pass takes {:.1f} ms, a verification {:.1f} ms alone and {:.1f} ms with the drafts; "
      "{:.0f}% of drafts are accepted, so that a round is worth {:.2f} plain steps{}.",
      last_, 1e3 * draft_seconds_, 1e3 * seconds(0), 1e3 * (seconds(last_) - last_ * draft_seconds_),
      100 * acceptance_, steps(last_), last_ == 0 ? "; drafting would lose time" : "");
}

}  // namespace unmask::decode
