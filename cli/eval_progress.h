// How far an evaluation is: a bar with the time left on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "terminal.h"

namespace cli {

class EvalProgress {
 public:
  explicit EvalProgress(size_t total) : total_(total) {}

  void skip(bool right);    // an item that an earlier run finished
  void finish(bool right);  // one that this run did

  // Draws the bar; `part` says how many items more the ones under way would be.
  void show(double part = 0);

 private:
  using Clock = std::chrono::steady_clock;

  std::string text() const;
  std::string time_left(double part) const;

  size_t total_, skipped_ = 0, done_ = 0, right_ = 0;  // done_ counts the skipped, too
  Clock::time_point start_ = Clock::now(), last_line_ = start_;
  StatusLine status_;
};

// "42 s", "3 min", "2 h 05 min".
std::string duration_text(double seconds);

}  // namespace cli
