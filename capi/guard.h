// The only try/catch of the library: turns exceptions into statuses and the thread's last error.
#pragma once

#include <atomic>
#include <new>
#include <string>

#include "base/error.h"

namespace unmask::capi {

struct LastError {
  Status status = Status::ok;
  std::string sentence;
};

inline LastError& last_error() {
  thread_local LastError error;
  return error;
}

// Keeps the status and the sentence for unmask_last_error. Must not throw: with no memory left, the status
// alone.
inline int32_t remember(Status status, const char* sentence) noexcept {
  LastError& e = last_error();
  e.status = status;
  try {
    e.sentence = sentence;
  } catch (...) {
    e.sentence.clear();
  }
  return static_cast<int32_t>(status);
}

// Runs `body`; returns its status.
template <typename Body>
int32_t guard(Body&& body) noexcept {
  try {
    body();
    return static_cast<int32_t>(Status::ok);
  } catch (const Error& e) {
    return remember(e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return remember(Status::out_of_memory, "The host is out of memory.");
  } catch (const std::exception& e) {
    return remember(Status::internal, e.what());
  } catch (...) {
    return remember(Status::internal, "Something that is no exception was thrown.");
  }
}

// Runs `body` and returns its value, or `failure`.
template <typename T, typename Body>
T guard_value(T failure, Body&& body) noexcept {
  T value = failure;
  guard([&] { value = body(); });
  return value;
}

// For functions that other threads must not be inside at the same time: a second caller gets wrong_state.
class Exclusive {
 public:
  explicit Exclusive(std::atomic_flag& busy) : busy_(busy) {
    require(!busy_.test_and_set(std::memory_order_acquire), Status::wrong_state,
            "The object is in use by another thread; one thread at a time, please.");
  }
  ~Exclusive() { busy_.clear(std::memory_order_release); }
  Exclusive(const Exclusive&) = delete;
  Exclusive& operator=(const Exclusive&) = delete;

 private:
  std::atomic_flag& busy_;
};

}  // namespace unmask::capi
