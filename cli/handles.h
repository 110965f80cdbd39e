// The C interface with owners and exceptions: what every subcommand uses of it.
#pragma once

#include <unmask.h>

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "owners.h"

namespace cli {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_interrupted = 130;  // what a shell reports of a program that SIGINT ended

// Ends the program with a sentence on stderr.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& sentence, int exit_code = exit_failure)
      : std::runtime_error(sentence), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// Each throws the library's last error on failure.
inline void check(unmask_status status) {
  if (status != UNMASK_OK) throw Failure(unmask_last_error());
}

inline int64_t check_count(int64_t count) {
  if (count < 0) throw Failure(unmask_last_error());
  return count;
}

template <typename T>
T* check(T* object) {
  if (object == nullptr) throw Failure(unmask_last_error());
  return object;
}

inline unmask_model_info info_of(const unmask_model* model) {
  auto info = initialised(unmask_model_info_init);
  check(unmask_model_get_info(model, &info));
  return info;
}

// `count_into(buffer, capacity)` returns how many elements there are and writes those that fit.
template <typename Container, typename CountInto>
Container collect(size_t expected, CountInto&& count_into) {
  Container result(expected + 1, {});  // never empty, so that its address is never NULL
  int64_t count = check_count(count_into(result.data(), static_cast<int64_t>(result.size())));
  if (count >= static_cast<int64_t>(result.size())) {  // text needs one more, for its NUL
    result.resize(static_cast<size_t>(count) + 1);
    count = check_count(count_into(result.data(), static_cast<int64_t>(result.size())));
  }
  result.resize(static_cast<size_t>(count));
  return result;
}

inline std::vector<int32_t> tokenize(const unmask_model* model, const std::string& text, bool chat) {
  const auto count = chat ? unmask_model_tokenize_chat : unmask_model_tokenize;
  return collect<std::vector<int32_t>>(text.size(), [&](int32_t* tokens, int64_t capacity) {
    return count(model, text.c_str(), tokens, capacity);
  });
}

// UTF-8, but for tokens that are parts of characters.
inline std::string detokenize(const unmask_model* model, std::span<const int32_t> tokens, bool keep_special) {
  if (tokens.empty()) return "";
  return collect<std::string>(8 * tokens.size(), [&](char* text, int64_t capacity) {
    return unmask_model_detokenize(model, tokens.data(), static_cast<int64_t>(tokens.size()),
                                   keep_special ? 1 : 0, text, capacity);
  });
}

// The canvas: prompt and generated tokens.
inline std::vector<int32_t> canvas_of(const unmask_session* session) {
  const int64_t length = check_count(unmask_session_get_tokens(session, nullptr, 0));
  return collect<std::vector<int32_t>>(static_cast<size_t>(length), [&](int32_t* tokens, int64_t capacity) {
    return unmask_session_get_tokens(session, tokens, capacity);
  });
}

}  // namespace cli
