// Memory cut from blocks, and what happens when there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "vulkan/fixture.h"

namespace unmask::vulkan {
namespace {

using graph::Memory;
using testing::HasSubstr;

TEST(Memory, ManyBuffersKeepTheirContents) {
  const auto backend = make_backend(device());
  std::vector<graph::Slice> slices;
  for (uint32_t i = 0; i < 300; ++i) {
    slices.push_back(whole(backend->allocate(4 * (i % 37 + 1), Memory::device, "small")));
    write(*backend, slices.back(), std::vector<uint32_t>(i % 37 + 1, i));
    if (i % 3 == 2) slices.erase(slices.end() - 2);
  }
  for (const graph::Slice& s : slices) {
    const std::vector<uint32_t> values = read(*backend, s);
    EXPECT_EQ(values, std::vector<uint32_t>(values.size(), values[0]));
    EXPECT_EQ(values.size(), values[0] % 37 + 1);
  }
}

TEST(Memory, SaysWhatWasAskedForWhenFull) {
  const auto backend = make_backend(device());
  try {
    backend->allocate(1ull << 50, Memory::device, "a petabyte");
    FAIL() << "no device has that much";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), Status::out_of_memory);
    EXPECT_THAT(e.what(), HasSubstr("1125899906842624 bytes for 'a petabyte'"));
  }
  EXPECT_NO_THROW(backend->allocate(100, Memory::device, "after"));
}

TEST(Memory, FailsTheAllocationThatATestAsksFor) {
  const auto own = open_device();
  const auto backend = make_backend(own);
  fail_nth_allocation(*own, 2);
  EXPECT_NO_THROW(backend->allocate(100, Memory::shared, "first"));
  EXPECT_THROW(backend->allocate(100, Memory::shared, "second"), Error);
  EXPECT_NO_THROW(backend->allocate(100, Memory::shared, "third"));
}

TEST(Memory, OutlivesItsBackendAndServesOthers) {
  auto first = make_backend(device());
  const auto buffer = whole(first->allocate(400, Memory::device, "shared by backends"));
  write(*first, buffer, ramp(100, 5));
  first.reset();
  EXPECT_EQ(read(*make_backend(device()), buffer), ramp(100, 5));
}

}  // namespace
}  // namespace unmask::vulkan
