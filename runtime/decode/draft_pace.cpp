#include "decode/draft_pace.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace unmask::decode {

namespace {

constexpr double weight_of_past = 0.9;  // in moving averages
constexpr uint32_t first_length = 4, most_length = 16;
constexpr float lowest_threshold = 0.6f, highest_threshold = 0.95f;

void average_in(double& average, double value, bool first) {
  average = first ? value : weight_of_past * average + (1 - weight_of_past) * value;
}

}  // namespace

DraftPace::DraftPace(const SessionOptions& o)
    : adaptive_(o.draft_length == 0),
      length_(adaptive_ ? first_length : o.draft_length),
      longest_(length_),
      threshold_(o.dual.draft_threshold) {}

void DraftPace::observe_draft(double work, uint32_t tokens) {
  const bool first = draft_work_ == 0;
  average_in(draft_work_, work, first);
  average_in(drafted_, tokens, first);
}

void DraftPace::observe_verification(double work, uint32_t added, std::span<const uint32_t> passes,
                                     uint32_t rejected) {
  const bool first = rounds_ == 0;
  average_in(verify_work_, work, first);
  average_in(added_, added, first);
  const auto drafted = static_cast<uint32_t>(passes.size());
  if (drafted > 0) {
    const double mean_pass = std::reduce(passes.begin(), passes.end(), 0.0) / drafted;
    average_in(survival_, std::pow(1 - double(rejected) / drafted, 1 / mean_pass), first);
  }
  last_[rounds_++ % last_.size()] = {drafted, rejected};
  if (!adaptive_) return;
  react_to_rejections();
  length_ = std::min(best_length(), longest_);
}

// The share rejected over the last rounds.
void DraftPace::react_to_rejections() {
  Count all = {};
  for (const Count& c : last_) all.drafted += c.drafted, all.rejected += c.rejected;
  if (rounds_ < last_.size() || all.drafted == 0) return;
  const double rate = double(all.rejected) / all.drafted;
  if (rate > 0.4) {
    threshold_ = std::max(threshold_, std::min(threshold_ + 0.05f, highest_threshold));
    longest_ = std::max(longest_ / 2, 1u);
  } else if (rate < 0.05) {
    threshold_ = std::min(threshold_, std::max(threshold_ - 0.02f, lowest_threshold));
    longest_ = std::min(longest_ + 1, most_length);
  }
}

// Expected tokens of a round that stay.
double DraftPace::tokens(uint32_t passes) const {
  double all = added_, survives = 1;
  for (uint32_t i = 0; i < passes; ++i) all += drafted_ * (survives *= survival_);
  return all;
}

uint32_t DraftPace::best_length() const {
  const auto per_work = [&](uint32_t n) { return tokens(n) / (n * draft_work_ + verify_work_); };
  uint32_t best = 1;
  for (uint32_t n = 2; n <= most_length; ++n)
    if (per_work(n) > per_work(best)) best = n;
  return best;
}

std::string DraftPace::explanation() const {
  return fmt::format(
      "A drafting pass does {:.0f}% of the work of a verification and fills {:.1f} masks, of which {:.1f}% survive "
      "each further pass; a verification fills {:.1f}. Next: {} drafting passes at threshold {:.2f}.",
      100 * draft_work_ / std::max(verify_work_, 1e-9), drafted_, 100 * survival_, added_, length_,
      threshold_);
}

}  // namespace unmask::decode
