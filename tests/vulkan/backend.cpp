// The backend as the layers above use it: memory, transfers, programs.
#include <gtest/gtest.h>

#include "vulkan/fixture.h"

namespace unmask::vulkan {
namespace {

using graph::Memory;

class BackendOf : public testing::TestWithParam<Memory> {
 protected:
  std::unique_ptr<graph::Backend> backend_ = make_backend(device());
};

TEST_P(BackendOf, AllocatesZeros) {
  {
    const auto dirty = whole(backend_->allocate(1000, GetParam(), "dirty"));
    write(*backend_, dirty, std::vector<uint32_t>(250, 0xFFFFFFFF));
  }
  const auto fresh = whole(backend_->allocate(1000, GetParam(), "fresh"));
  EXPECT_EQ(read(*backend_, fresh), std::vector<uint32_t>(250, 0));
}

TEST_P(BackendOf, WritesAndReadsSlices) {
  const auto buffer = whole(backend_->allocate(4000, GetParam(), "buffer"));
  write(*backend_, buffer.sub(400, 1200), ramp(300, 7));
  EXPECT_EQ(read(*backend_, buffer.sub(400, 1200)), ramp(300, 7));
  EXPECT_EQ(read(*backend_, buffer.sub(1596, 8)), (std::vector<uint32_t>{306, 0}));
  EXPECT_EQ(read(*backend_, buffer.sub(0, 400)), std::vector<uint32_t>(100, 0));
}

TEST_P(BackendOf, RunsAProgramAgainAndAgain) {
  const auto x = whole(backend_->allocate(4 * 1001, GetParam(), "x"));
  const auto y = whole(backend_->allocate(4 * 1001, GetParam(), "y"));
  write(*backend_, x, ramp(1001));
  graph::Recording recording;
  for (uint32_t bias = 0; bias < 5; ++bias) recording.append(ScaleAdd::dispatch(x, y, 3, bias));
  const auto program = backend_->prepare(std::move(recording));
  std::vector<uint32_t> expected(1001, 0);
  for (int run = 0; run < 3; ++run) {
    backend_->run(*program);
    for (uint32_t i = 0; i < 1001; ++i)
      for (uint32_t bias = 0; bias < 5; ++bias) expected[i] = expected[i] * 3 + i + bias;
  }
  EXPECT_EQ(read(*backend_, y), expected);
}

INSTANTIATE_TEST_SUITE_P(Memory, BackendOf, testing::Values(Memory::device, Memory::shared),
                         [](const auto& p) { return p.param == Memory::device ? "Device" : "Shared"; });

}  // namespace
}  // namespace unmask::vulkan
