// What a file of results says in sum.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "eval_intervals.h"
#include "eval_results.h"

namespace cli {

// Sums over n > 0 items.
struct EvalSummary {
  int64_t n = 0, right = 0;
  int64_t prompt_tokens = 0, tokens = 0, passes = 0, rows = 0, flops = 0;
  int64_t drafter_passes = 0, drafted = 0, accepted = 0;
  double seconds = 0;

  double accuracy() const { return static_cast<double>(right) / static_cast<double>(n); }
  Interval interval() const { return wilson_interval(right, n); }
  double acceptance() const {
    return drafted == 0 ? 0 : static_cast<double>(accepted) / static_cast<double>(drafted);
  }
  double per_item(double sum) const { return sum / static_cast<double>(n); }
  double per_token(double sum) const { return tokens == 0 ? 0 : sum / static_cast<double>(tokens); }
};

EvalSummary summary_of(std::span<const ItemResult> items);

// Accuracy of `items` minus that of `others`, over what both have.
struct PairedDifference {
  int64_t n = 0, gained = 0, lost = 0;  // right only here; right only there

  double value() const { return n == 0 ? 0 : static_cast<double>(gained - lost) / static_cast<double>(n); }
  Interval interval() const { return paired_interval(gained, lost, n); }
};

PairedDifference paired_difference(std::span<const ItemResult> items, std::span<const ItemResult> others);

Json to_json(const EvalSummary& summary);
Json to_json(const PairedDifference& difference);

// Several lines for people.
std::string to_text(const EvalSummary& summary);
std::string to_text(const PairedDifference& difference, const std::string& baseline);

// 12345678 as "12.3 M".
std::string short_number(double value);

}  // namespace cli
