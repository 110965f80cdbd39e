// Messages for whoever watches the program: warnings, and what the validation layers say. Never the way to
// report a failure; that is an Error.
#pragma once

#include <functional>
#include <string_view>

namespace unmask {

enum class LogLevel : int { info = 0, warning = 1, error = 2 };

// Called from any thread, one call at a time; it must not call log() or set_log_sink() itself.
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

// Replaces the sink; an empty one stands for the first, which writes warnings and errors to stderr.
// Thread-safe.
void set_log_sink(LogSink next);

// Thread-safe.
void log(LogLevel level, std::string_view text);

}  // namespace unmask
