// The library's option table as flags of a command: names, help, ranges and defaults are the table's own.
#pragma once

#include <CLI/CLI.hpp>

#include <set>
#include <string>

#include "handles.h"
#include "option_values.h"

namespace cli {

class OptionFlags {
 public:
  // Adds a flag for every option there is, `except` some. The object must live until the command has run.
  void add_to(CLI::App& command, const std::set<std::string>& except = {});

  // Also --drafter-option, which changes one of them for drafters alone. To be called after add_to.
  void add_drafter_to(CLI::App& command);

  const unmask_options* get() const { return options_.get(); }
  unmask_options* get() { return options_.get(); }
  const unmask_options* drafter() const { return drafter_options_.get(); }

  // What the command line gives; and for drafters.
  const OptionValues& given() const { return given_; }
  OptionValues drafter_given() const;

  // What was given for an option of kind integer, or its default.
  int64_t integer(const std::string& name) const;

 private:
  void add(CLI::App& command, int32_t index);
  void set_drafter(const std::string& name_and_value);

  Options options_{check(unmask_options_create())};
  Options drafter_options_{check(unmask_options_create())};
  OptionValues given_, drafter_differs_;
};

// --strategy, with the names there are.
void add_strategy_flag(CLI::App& command, std::string& strategy);

}  // namespace cli
