#include "eval_progress.h"

#include <cstdio>

#include <fmt/format.h>

namespace cli {

namespace {
constexpr std::chrono::seconds between_lines{20};
}

void EvalProgress::skip(bool right) {
  ++skipped_;
  ++done_;
  right_ += right ? 1 : 0;
}

void EvalProgress::finish(bool right) {
  ++done_;
  right_ += right ? 1 : 0;
  if (stderr_is_terminal() || Clock::now() - last_line_ < between_lines) return;
  last_line_ = Clock::now();
  fmt::print(stderr, "{}{}\n", text(), time_left(0));
}

void EvalProgress::show(double part) {
  const double done = static_cast<double>(done_) + part;
  status_.show_progress(text(), done / static_cast<double>(total_), time_left(part));
}

std::string EvalProgress::text() const {
  return fmt::format("{} of {} items, {} right", done_, total_, right_);
}

std::string EvalProgress::time_left(double part) const {
  const double done = static_cast<double>(done_ - skipped_) + part;
  if (done == 0) return "";
  const double spent = std::chrono::duration<double>(Clock::now() - start_).count();
  return ", " + duration_text(spent / done * (static_cast<double>(total_ - done_) - part)) + " left";
}

std::string duration_text(double seconds) {
  const auto minutes = static_cast<int64_t>(seconds / 60 + 0.5);
  if (seconds < 90) return fmt::format("{:.0f} s", seconds);
  if (minutes < 90) return fmt::format("{} min", minutes);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace cli
