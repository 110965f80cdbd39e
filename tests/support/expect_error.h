// What something that fails says: whether its status and its sentence say enough.
#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace unmask::tests {

// `words` must stand in the sentence, which must end like one.
template <typename Action>
void expect_error(Status status, const std::string& words, Action action) {
  try {
    action();
    ADD_FAILURE() << "succeeded, expected: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), status) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(words));
    EXPECT_THAT(error.what(), testing::EndsWith("."));
  }
}

// The sentence of what fails, or "(no error)".
std::string sentence_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace unmask::tests
