// A program that is built with this file runs under the validation layers, and fails if they say anything.
// UNMASK_VALIDATION=0 leaves them out.
#include <cstdlib>

#include <gtest/gtest.h>

#include "vulkan/devices.h"

namespace unmask::vulkan {
namespace {

class Silence : public testing::Environment {
  void SetUp() override { setenv("UNMASK_VALIDATION", "1", 0); }
  void TearDown() override { EXPECT_EQ(validation_messages(), 0u) << "the messages stand above"; }
};

[[maybe_unused]] const testing::Environment* const silence = testing::AddGlobalTestEnvironment(new Silence);

}  // namespace
}  // namespace unmask::vulkan
