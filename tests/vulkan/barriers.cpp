// Where barriers are placed, on recordings that name no device.
#include "vulkan/barriers.h"

#include <gtest/gtest.h>

namespace unmask::vulkan {
namespace {

using graph::Access;
using Before = std::vector<bool>;

struct FakeBuffer final : graph::Buffer {
  uint64_t size() const override { return 4096; }
};

graph::Slice slice(const std::shared_ptr<graph::Buffer>& buffer, uint64_t begin = 0, uint64_t end = 4096) {
  return {buffer, begin, end - begin};
}

// Kernels of one or two buffers with every combination of access.
class Barriers : public testing::Test {
 protected:
  void run(std::vector<std::pair<Access, graph::Slice>> uses) {
    graph::Dispatch d{};
    auto bindings = std::make_unique<std::vector<graph::BufferBinding>>();
    for (const auto& [access, s] : uses) bindings->push_back({"b", access}), d.buffers.push_back(s);
    kernels_.push_back(std::make_unique<graph::Kernel>(graph::Kernel{"test", {}, *bindings, {}, 0, 0}));
    bindings_.push_back(std::move(bindings));
    d.kernel = kernels_.back().get();
    recording_.append(std::move(d));
  }
  void read(const graph::Slice& s) { run({{Access::read, s}}); }
  void write(const graph::Slice& s) { run({{Access::write, s}}); }
  Before before() const { return schedule_barriers(recording_); }

  const std::shared_ptr<graph::Buffer> a_ = std::make_shared<FakeBuffer>(),
                                       b_ = std::make_shared<FakeBuffer>();

 private:
  std::vector<std::unique_ptr<std::vector<graph::BufferBinding>>> bindings_;
  std::vector<std::unique_ptr<graph::Kernel>> kernels_;
  graph::Recording recording_;
};

TEST_F(Barriers, ReadAfterWrite) {
  write(slice(a_)), read(slice(a_));
  EXPECT_EQ(before(), (Before{false, true}));
}

TEST_F(Barriers, WriteAfterRead) {
  read(slice(a_)), write(slice(a_));
  EXPECT_EQ(before(), (Before{false, true}));
}

TEST_F(Barriers, WriteAfterWrite) {
  write(slice(a_)), write(slice(a_));
  EXPECT_EQ(before(), (Before{false, true}));
}

TEST_F(Barriers, ReadsShare) {
  read(slice(a_)), read(slice(a_)), read(slice(a_));
  EXPECT_EQ(before(), (Before{false, false, false}));
}

TEST_F(Barriers, TwoDispatchesThatBothReadAndWriteABuffer) {
  run({{Access::read_write, slice(a_)}}), run({{Access::read_write, slice(a_)}});
  EXPECT_EQ(before(), (Before{false, true}));
}

TEST_F(Barriers, OtherBuffersAndNeighbouringRangesAreIndependent) {
  write(slice(a_, 0, 256)), write(slice(a_, 256, 512)), write(slice(b_)), read(slice(a_, 512, 768));
  EXPECT_EQ(before(), (Before{false, false, false, false}));
}

TEST_F(Barriers, RangesThatOverlapByAByteConflict) {
  write(slice(a_, 0, 257)), read(slice(a_, 256, 512));
  EXPECT_EQ(before(), (Before{false, true}));
}

TEST_F(Barriers, ABarrierSettlesAllThatCameBefore) {
  write(slice(a_)), write(slice(b_));
  read(slice(a_));  // waits, and thereby for b too
  read(slice(b_));
  EXPECT_EQ(before(), (Before{false, false, true, false}));
}

TEST_F(Barriers, WhatFollowsABarrierIsRememberedUntilTheNext) {
  write(slice(a_));
  run({{Access::read, slice(a_)}, {Access::write, slice(b_)}});
  read(slice(a_));
  read(slice(b_));
  write(slice(a_));
  EXPECT_EQ(before(), (Before{false, true, false, true, false}));
}

TEST_F(Barriers, AWriteWaitsForAReadSeveralDispatchesAgo) {
  read(slice(a_)), read(slice(b_)), read(slice(b_)), write(slice(a_));
  EXPECT_EQ(before(), (Before{false, false, false, true}));
}

}  // namespace
}  // namespace unmask::vulkan
