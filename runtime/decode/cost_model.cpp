#include "decode/cost_model.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace unmask::decode {

namespace {

constexpr double memory = 0.9;            // of exponential moving averages
constexpr uint32_t rounds_to_retry = 16;  // without drafts
constexpr uint32_t first_drafts = 1;      // after none: twice the rows show what further ones take
constexpr double least_gain = 1.1;        // over no drafts, below which what was measured may be chance

void move(double& average, double value) { average = memory * average + (1 - memory) * value; }

}  // namespace

void RecentMean::observe(double next) {
  weight = memory * weight + 1;
  value += (next - value) / weight;
}

void PassCost::observe(uint32_t rows, double seconds) {
  Means& means = means_[std::bit_width(rows)];
  means.rows.observe(rows);
  means.seconds.observe(seconds);
}

bool PassCost::known() const {
  return std::ranges::any_of(means_, [](const Means& m) { return m.rows.known(); });
}

// Neither a pass without rows nor a further row takes less than no time.
double PassCost::seconds(double rows) const {
  double count = 0, sum_rows = 0, sum_seconds = 0, squares = 0, products = 0;
  for (const Means& m : means_) {
    if (!m.rows.known()) continue;
    count += 1;
    sum_rows += m.rows.value;
    sum_seconds += m.seconds.value;
    squares += m.rows.value * m.rows.value;
    products += m.rows.value * m.seconds.value;
  }
  if (count == 0) return 0;
  double each = sum_seconds / sum_rows;
  if (count > 1)
    each = std::clamp((count * products - sum_rows * sum_seconds) / (count * squares - sum_rows * sum_rows),
                      0.0, each);
  return (sum_seconds + each * (count * rows - sum_rows)) / count;
}

void CostModel::observe_draft(double seconds) { draft_seconds_.observe(seconds); }

void CostModel::observe_verification(uint32_t rows, double seconds) {
  least_rows_ = verification_.known() ? std::min(least_rows_, rows) : rows;
  most_rows_ = std::max(most_rows_, rows);
  verification_.observe(rows, seconds);
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
  return drafts * draft_seconds_.value + verification_.seconds(double(rows_) * (drafts + 1));
}

// Numbers of rows close to each other, as a few texts more or less have, would give a line in any direction.
bool CostModel::knows_what_rows_take() const {
  return verification_.known() && most_rows_ >= 2 * least_rows_;
}

uint32_t CostModel::choose(uint32_t most) const {
  if (!knows_what_rows_take())
    return !verification_.known() || rows_ < least_rows_ ? 0 : std::min(first_drafts, most);
  uint32_t best = 0;
  for (uint32_t drafts = 1; drafts <= most; ++drafts)
    if (steps(drafts) * seconds(best) > steps(best) * seconds(drafts)) best = drafts;
  return steps(best) * seconds(0) > least_gain * seconds(best) ? best : 0;
}

uint32_t CostModel::next(uint32_t most, uint32_t rows) {
  rows_ = rows;
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
      last_, 1e3 * draft_seconds_.value, 1e3 * verification_.seconds(rows_),
      1e3 * verification_.seconds(double(rows_) * (last_ + 1)), 100 * acceptance_, steps(last_),
      last_ == 0 && knows_what_rows_take() ? "; drafting would gain less than a tenth, or lose time" : "");
}

}  // namespace unmask::decode
