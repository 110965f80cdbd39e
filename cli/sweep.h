// `unmask bench --sweep`: every cache policy on one task.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "model_flags.h"
#include "option_flags.h"

namespace cli {

struct SweepFlags {
  OptionFlags options;
  bool sweep = false;
  std::string cache = "all";  // or names with commas between
  std::string data, matcher, out;
  std::string csv = "sweep.csv", plot = "sweep.svg";
  std::string strategy = "vanilla";
  size_t count = 40;
  int32_t batch = 1;
  bool chat = false;

  void add_to(CLI::App& command);
};

// Runs the policies, prints a table, and writes the CSV and the plot.
void sweep(const SweepFlags& flags, const ModelFlags& model);

}  // namespace cli
