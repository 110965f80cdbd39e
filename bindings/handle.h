// What the classes of classes.h stand on: failures as exceptions, and handles that can be closed at any time.
#pragma once

#include <unmask.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

namespace unmask {

// A call that failed: its status and the library's sentence about it.
class Failure : public std::exception {
 public:
  Failure(unmask_status status, std::string sentence) : status_(status), sentence_(std::move(sentence)) {}

  // Of the last call on this thread.
  static Failure last() { return {unmask_last_status(), unmask_last_error()}; }

  unmask_status status() const { return status_; }
  const char* what() const noexcept override { return sentence_.c_str(); }

 private:
  unmask_status status_;
  std::string sentence_;
};

inline void check(unmask_status status) {
  if (status != UNMASK_OK) throw Failure::last();
}

// A pointer or a count, as the C interface returns it: NULL and -1 are failures.
template <typename T>
T* valid(T* pointer) {
  if (pointer == nullptr) throw Failure::last();
  return pointer;
}
inline int64_t valid(int64_t count) {
  if (count < 0) throw Failure::last();
  return count;
}

// For the C interface, whose texts end at the first NUL.
inline const char* c_text(const std::string& text) {
  if (text.find('\0') != std::string::npos)
    throw Failure(UNMASK_INVALID_ARGUMENT, "The text has a NUL character in it; texts end there.");
  return text.c_str();
}

// A growable struct with its defaults: `initialised(unmask_progress_init)`.
template <typename T>
T initialised(void (*init)(T*)) {
  T value;
  init(&value);
  return value;
}

// Owner of one object of the C interface. A call that is under way on another thread keeps the object until
// it returns, so that closing is safe at any time; a later call is refused. All threads.
template <typename T>
class Handle {
 public:
  Handle(const char* noun, T* object, void (*destroy)(T*)) : noun_(noun), object_(valid(object), destroy) {}

  std::shared_ptr<T> use() const {
    const std::scoped_lock lock(mutex_);
    if (object_ == nullptr) throw Failure(UNMASK_WRONG_STATE, "The " + std::string(noun_) + " is closed.");
    return object_;
  }

  bool closed() const {
    const std::scoped_lock lock(mutex_);
    return object_ == nullptr;
  }

  void close() {
    std::shared_ptr<T> last;  // destroyed without the lock
    const std::scoped_lock lock(mutex_);
    last.swap(object_);
  }

  // `function(object, arguments...)` for functions that return a status.
  template <typename Function, typename... Arguments>
  void run(Function function, Arguments... arguments) const {
    check(function(use().get(), arguments...));
  }

  // The same for functions that return a pointer, or a count that may be -1. Texts are copied while they
  // stay.
  template <typename Function, typename... Arguments>
  auto get(Function function, Arguments... arguments) const {
    const auto object = use();
    using Result = decltype(function(object.get(), arguments...));
    using Owned = std::conditional_t<std::is_same_v<Result, const char*>, std::string, Result>;
    return Owned(valid(function(object.get(), arguments...)));
  }

 private:
  const char* noun_;
  mutable std::mutex mutex_;
  std::shared_ptr<T> object_;
};

}  // namespace unmask
