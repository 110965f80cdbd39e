// Several runs over the same items, side by side: as a table, as CSV, and as a plot.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "eval_summary.h"

namespace cli {

struct ComparedRun {
  std::string group;                 // the cache, say: what the plot gives a colour
  std::string label;                 // what tells the run from the others
  EvalSummary summary;               // n = 0: nothing has finished
  PairedDifference difference = {};  // to the first run
  double flops_ratio = 0;  // of the first run's FLOPs per token to this one's, over the items that both have;
  double seconds_ratio = 0;  // 0 where that is not known
  std::string note = {};     // why there is no figure
};

ComparedRun compared_run(const std::string& group, const std::string& label,
                         std::span<const ItemResult> items, std::span<const ItemResult> first,
                         const std::string& note = "");

// The first run is what ratios and differences refer to.
std::string to_table(std::span<const ComparedRun> runs);
std::string to_csv(std::span<const ComparedRun> runs);

// Accuracy against passes, and against FLOPs and seconds per token. Throws Failure if nothing has finished.
std::string to_plot(const std::string& title, std::span<const ComparedRun> runs);

}  // namespace cli
