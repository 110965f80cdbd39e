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
  std::string note = {};             // why there is no figure
};

// The first run is what ratios and differences refer to.
std::string to_table(std::span<const ComparedRun> runs);
std::string to_csv(std::span<const ComparedRun> runs);

// Accuracy against FLOPs and against seconds per token. Throws Failure if nothing has finished.
std::string to_plot(const std::string& title, std::span<const ComparedRun> runs);

}  // namespace cli
