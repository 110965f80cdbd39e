// Proves that the validation layers, when asked for, notice what they are there for. A program of its own:
// they are switched on for the whole process.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "vulkan/device.h"
#include "vulkan/fixture.h"
#include "vulkan/lower.h"

namespace unmask::vulkan {
namespace {

using graph::Memory;
using testing::HasSubstr;

class Validation : public testing::Test {
 protected:
  static void SetUpTestSuite() { setenv("UNMASK_VALIDATION", "1", 1); }

  Validation() {
    set_log_sink([this](LogLevel, std::string_view text) { log_ += text; });
  }
  ~Validation() override { set_log_sink({}); }

  uint64_t new_messages() const { return validation_messages() - before_; }

  graph::Slice buffer(const char* label) { return whole(backend_->allocate(4096, Memory::device, label)); }

  // Two dispatches of which the second reads what the first wrote, each in a submission of its own.
  void run_in_two_submissions(bool barriers) {
    graph::Recording recording;
    const graph::Slice x = buffer("x"), y = buffer("y"), z = buffer("z");
    recording.append(ScaleAdd::dispatch(x, y, 1, 1));
    recording.append(ScaleAdd::dispatch(y, z, 1, 1));
    const auto submissions = split(recording, std::vector<double>{1, 1}, 1);
    ASSERT_EQ(submissions.size(), 2u);
    Lowered(device(), recording, submissions, {.barriers = barriers}).run();
  }

  const uint64_t before_ = validation_messages();
  const std::unique_ptr<graph::Backend> backend_ = make_backend(device());
  std::string log_;
};

TEST_F(Validation, IsSilentOnCorrectWork) {
  run_in_two_submissions(true);
  EXPECT_EQ(new_messages(), 0u) << log_;
}

TEST_F(Validation, NoticesMissingBarriersAcrossSubmissions) {
  run_in_two_submissions(false);
  EXPECT_GT(new_messages(), 0u);
  EXPECT_THAT(log_, HasSubstr("SYNC-HAZARD-READ-AFTER-WRITE"));
}

TEST_F(Validation, NoticesAMisuseOfTheInterface) {
  const Device& d = *device();
  VkBufferCreateInfo create{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  create.size = 0;
  create.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  VkBuffer made = VK_NULL_HANDLE;
  if (d.vk().vkCreateBuffer(d.handle(), &create, nullptr, &made) == VK_SUCCESS)
    d.vk().vkDestroyBuffer(d.handle(), made, nullptr);
  EXPECT_GT(new_messages(), 0u);
  EXPECT_THAT(log_, HasSubstr("VUID-VkBufferCreateInfo-size-00912"));
}

}  // namespace
}  // namespace unmask::vulkan
