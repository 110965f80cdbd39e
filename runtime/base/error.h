// The one exception type of the runtime. It never leaves the library: capi/guard.h turns it into a status.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace unmask {

// Values are part of the C ABI (unmask_status in unmask.h): append only.
enum class Status : int32_t {
  ok = 0,
  invalid_argument = 1,  // NULL, out of range, contradictory options
  wrong_state = 2,       // a call in the wrong order, or on a thread where it is forbidden
  not_found = 3,         // no such file, device, option or name
  bad_model = 4,         // a model file is damaged, truncated or hostile
  unsupported = 5,       // valid, but not by this device, build or architecture
  out_of_memory = 6,     // host or device
  device_lost = 7,       // the driver reset the device; open it again
  cancelled = 8,         // the caller asked for it
  io = 9,                // the operating system refused to read or write
  internal = 10,         // a defect of Unmask itself
};

class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
  Status status() const { return status_; }

 private:
  Status status_;
};

// Throws an Error whose text is a sentence: what is wrong, where, and what to do about it.
template <typename... Args>
[[noreturn]] void fail(Status status, fmt::format_string<Args...> sentence, Args&&... args) {
  throw Error(status, fmt::format(sentence, std::forward<Args>(args)...));
}

// For conditions on what the caller or a file gave us; use assert() for our own contracts.
template <typename... Args>
void require(bool condition, Status status, fmt::format_string<Args...> sentence, Args&&... args) {
  if (!condition) fail(status, sentence, std::forward<Args>(args)...);
}

}  // namespace unmask
