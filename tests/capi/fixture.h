// What the tests of the C interface share: owners of its handles, a tiny model, and what a refusal looks
// like.
#pragma once

#include <gtest/gtest.h>
#include <unmask.h>

#include <string>
#include <type_traits>
#include <vector>

#include "../../cli/owners.h"

namespace capi_test {

using cli::Converter;
using cli::Decoder;
using cli::Device;
using cli::DeviceList;
using cli::initialised;
using cli::Loader;
using cli::Messages;
using cli::Model;
using cli::Options;
using cli::Session;

inline const char* const model_path = UNMASK_TINY_MODEL;
constexpr unmask_status invalid = UNMASK_INVALID_ARGUMENT;

// One device for all tests of the program: opening it compiles pipelines.
inline unmask_device* device() {
  static const Device opened(unmask_device_open(nullptr));
  EXPECT_NE(opened, nullptr) << unmask_last_error();
  return opened.get();
}

inline unmask_model* model() {
  static const Model opened(unmask_model_open(device(), model_path));
  EXPECT_NE(opened, nullptr) << unmask_last_error();
  return opened.get();
}

inline Options options(int64_t length) {
  Options made(unmask_options_create());
  EXPECT_EQ(unmask_options_set_integer(made.get(), "length", length), UNMASK_OK) << unmask_last_error();
  return made;
}

// A session with a prompt, ready to be decoded.
inline Session session(int64_t length, const char* prompt = "Tom has 3 apples.") {
  Session made(unmask_session_create(model(), options(length).get()));
  EXPECT_EQ(unmask_session_set_prompt(made.get(), prompt), UNMASK_OK) << unmask_last_error();
  return made;
}

inline Decoder decoder(unmask_session* session) {
  Decoder made(unmask_decoder_create(&session, 1, nullptr));
  EXPECT_NE(made, nullptr) << unmask_last_error();
  return made;
}

inline std::vector<int32_t> canvas_of(const unmask_session* session) {
  std::vector<int32_t> tokens(static_cast<size_t>(unmask_session_get_tokens(session, nullptr, 0)));
  unmask_session_get_tokens(session, tokens.data(), static_cast<int64_t>(tokens.size()));
  return tokens;
}

inline unmask_status run(unmask_decoder* decoder) {
  auto progress = initialised(unmask_progress_init);
  unmask_status status = UNMASK_OK;
  while (status == UNMASK_OK && progress.finished == 0) status = unmask_decoder_step(decoder, &progress);
  return status;
}

// So that a test sees which call left the last error.
inline void leave_another_error() {
  unmask_model_destroy(unmask_model_open(device(), "/nowhere"));
  ASSERT_EQ(unmask_last_status(), UNMASK_NOT_FOUND);
}

// The call fails as its type does (NULL, -1 or a status), and leaves that status and a sentence.
template <typename Call>
void expect_refused(unmask_status expected, Call call, const char* where) {
  SCOPED_TRACE(where);
  leave_another_error();
  const auto result = call();
  if constexpr (std::is_pointer_v<decltype(result)>) {
    EXPECT_EQ(result, nullptr);
  } else {
    EXPECT_TRUE(result == expected || result == -1) << result;
  }
  EXPECT_EQ(unmask_last_status(), expected) << unmask_status_name(unmask_last_status());
  EXPECT_GT(std::string(unmask_last_error()).size(), 10U) << unmask_last_error();
}

}  // namespace capi_test

#define EXPECT_REFUSED(status, call) \
  capi_test::expect_refused(         \
      status, [&] { return call; }, #call)
