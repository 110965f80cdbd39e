// Recordings as data: what they print, how two of them differ, what they add up to.
#include "graph/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace unmask::graph {
namespace {

struct FakeBuffer final : Buffer {
  uint64_t size() const override { return 1000; }
};

const BufferBinding bindings[] = {{"x", Access::read}, {"y", Access::write}};
const Constant constants[] = {{"workgroup", 0, 32}};
const Kernel kernel{"test/copy", {}, bindings, constants, 8, 0};

struct Copy {
  struct Buffers {
    Read x;
    Write y;
  };
  struct Push {
    uint32_t count, stride;
  };
  struct Constants {
    uint32_t workgroup = 32;
  };
  static std::vector<Slice> slices(const Buffers& b) { return {b.x.slice, b.y.slice}; }
  static std::vector<uint32_t> values(const Constants& c) { return {c.workgroup}; }
};

Slice buffer() { return {std::make_shared<FakeBuffer>(), 0, 1000}; }

Recording copies(uint32_t first_groups, uint32_t count = 2) {
  const Slice x = buffer(), y = buffer();
  Recording recording;
  for (uint32_t i = 0; i < count; ++i)
    recording.append(dispatch<Copy>(kernel, {x.sub(16 * i, 16), y}, {7, i}, {64}, {first_groups + i, 2, 3},
                                    "copy", {.flops = 10, .flops_executed = 16, .bytes = 100 + i}));
  return recording;
}

TEST(Recording, PrintsOneLinePerDispatchAndNumbersBuffersByFirstUse) {
  EXPECT_EQ(copies(5).print(),
            "copy test/copy [5 2 3] (64) x=#0+0:16 y=#1+0:1000\n"
            "copy test/copy [6 2 3] (64) x=#0+16:16 y=#1+0:1000\n");
}

TEST(Recording, DiffersWhereTheWorkDoesNotWhereTheBuffersLive) {
  EXPECT_EQ(Recording::difference(copies(5), copies(5)), "");
  EXPECT_THAT(Recording::difference(copies(5), copies(6)), testing::HasSubstr("Dispatch 0 differs: 'copy"));
  EXPECT_THAT(Recording::difference(copies(5, 3), copies(5, 2)), testing::HasSubstr("Dispatch 2 differs"));
  EXPECT_THAT(Recording::difference(copies(5, 1), copies(5, 2)), testing::HasSubstr("'(end)'"));
}

TEST(Recording, AddsUpItsWork) {
  const Work total = copies(1, 3).total();
  EXPECT_EQ(total.flops, 30u);
  EXPECT_EQ(total.flops_executed, 48u);
  EXPECT_EQ(total.bytes, 303u);
}

TEST(Recording, KeepsPushConstantsAsTheyWereGiven) {
  const Recording recording = copies(1);
  const auto push = recording.dispatches()[1].push_as<Copy::Push>();
  EXPECT_EQ(push.count, 7u);
  EXPECT_EQ(push.stride, 1u);
}

TEST(Slice, KeepsItsBufferAlive) {
  Slice part = buffer().sub(100, 50).sub(10, 20);
  EXPECT_EQ(part.offset, 110u);
  EXPECT_EQ(part.size, 20u);
  EXPECT_EQ(part.buffer->size(), 1000u);
}

}  // namespace
}  // namespace unmask::graph
