#include "base/log.h"

#include <cstdio>
#include <mutex>

#include <fmt/format.h>

namespace unmask {
namespace {

void write_to_stderr(LogLevel level, std::string_view text) {
  if (level == LogLevel::info) return;
  fmt::print(stderr, "unmask: {}: {}\n", level == LogLevel::warning ? "warning" : "error", text);
}

struct Sink {
  std::mutex mutex;
  LogSink function = write_to_stderr;
};

// Never destroyed: drivers may still log while the process exits.
Sink& sink() {
  static Sink& shared = *new Sink;
  return shared;
}

}  // namespace

void set_log_sink(LogSink next) {
  const std::lock_guard lock(sink().mutex);
  sink().function = next ? std::move(next) : LogSink(write_to_stderr);
}

void log(LogLevel level, std::string_view text) {
  const std::lock_guard lock(sink().mutex);
  sink().function(level, text);
}

}  // namespace unmask
