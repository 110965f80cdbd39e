// Programs under every setting give the same bytes: replayed or not, split or whole, staged or mapped, timed
// or not.
#include "vulkan/replay.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vulkan/fixture.h"

namespace unmask::vulkan {
namespace {

using graph::Memory;

constexpr uint32_t count = 10'007;

// A chain in which every dispatch reads what the ones before it wrote, in whole buffers and in slices.
graph::Recording chain(const graph::Slice& x, const graph::Slice& y, const graph::Slice& z) {
  graph::Recording recording;
  for (uint32_t i = 0; i < 4; ++i) {
    recording.append(ScaleAdd::dispatch(x, y, 3, i));
    recording.append(ScaleAdd::dispatch(y, z, 5, 2 * i));
    recording.append(ScaleAdd::dispatch(z.sub(1024, 4096), x.sub(2048, 4096), 7, i));
  }
  return recording;
}

std::vector<uint32_t> run_chain(graph::Backend& backend, int runs = 3) {
  std::vector<graph::Slice> s;
  for (const char* label : {"x", "y", "z"})
    s.push_back(whole(backend.allocate(4 * count, Memory::device, label)));
  write(backend, s[0], ramp(count));
  const auto program = backend.prepare(chain(s[0], s[1], s[2]));
  for (int i = 0; i < runs; ++i) backend.run(*program);
  std::vector<uint32_t> result = read(backend, s[2]);
  const std::vector<uint32_t> x = read(backend, s[0]);
  result.insert(result.end(), x.begin(), x.end());
  return result;
}

std::vector<uint32_t> expected_chain(int runs = 3) {
  std::vector<uint32_t> x = ramp(count), y(count, 0), z(count, 0);
  const auto step = [](const uint32_t* from, uint32_t* to, uint32_t n, uint32_t scale, uint32_t bias) {
    for (uint32_t i = 0; i < n; ++i) to[i] = to[i] * scale + from[i] + bias;
  };
  for (int run = 0; run < runs; ++run)
    for (uint32_t i = 0; i < 4; ++i) {
      step(x.data(), y.data(), count, 3, i);
      step(y.data(), z.data(), count, 5, 2 * i);
      step(z.data() + 256, x.data() + 512, 1024, 7, i);
    }
  z.insert(z.end(), x.begin(), x.end());
  return z;
}

std::vector<uint32_t> run_with(const std::function<void(Settings&)>& change) {
  Settings settings;
  change(settings);
  return run_chain(*make_backend(open_device({}, settings)));
}

TEST(Replay, GivesWhatTheDefinitionSays) { EXPECT_EQ(run_chain(*make_backend(device())), expected_chain()); }

TEST(Replay, SwitchedOffChangesNoByte) {
  EXPECT_EQ(run_with([](Settings& s) { s.replay = false; }), expected_chain());
}

TEST(Replay, SplitToPiecesChangesNoByte) {
  EXPECT_EQ(run_with([](Settings& s) { s.submit_budget_ms = 1e-3; }), expected_chain());
  EXPECT_EQ(run_with([](Settings& s) { s.submit_budget_ms = 1e-3, s.replay = false; }), expected_chain());
}

TEST(Replay, ATinyBudgetReallySplits) {
  Settings settings;
  settings.submit_budget_ms = 1e-3;
  const auto own = open_device({}, settings);
  const auto backend = make_backend(own);
  const auto x = whole(backend->allocate(4 * count, Memory::device, "x"));
  graph::Recording recording;
  recording.append(ScaleAdd::dispatch(x, whole(backend->allocate(4 * count, Memory::device, "y")), 1, 1));
  VulkanProgram program(own, recording);
  EXPECT_GT(program.submissions(), 1u);
  EXPECT_EQ(VulkanProgram(open_device({}, Settings{}), {}).submissions(), 0u);
}

TEST(Replay, StagedTransfersChangeNoByte) {
  EXPECT_EQ(run_with([](Settings& s) { s.map_device_memory = false; }), expected_chain());
}

TEST(Replay, ProfilingChangesNoByteAndTimesEveryLabel) {
  const auto backend = make_backend(device());
  backend->set_profiling(true);
  EXPECT_EQ(run_chain(*backend), expected_chain());
  ASSERT_THAT(backend->profile(), testing::SizeIs(1));
  EXPECT_GT(backend->profile().at("scale_add"), 0);
  EXPECT_LT(backend->profile().at("scale_add"), 60);
  backend->reset_profile();
  EXPECT_TRUE(backend->profile().empty());
}

TEST(Replay, AProgramMayOutliveItsBackend) {
  auto backend = make_backend(device());
  const auto y = whole(backend->allocate(400, Memory::device, "y"));
  graph::Recording recording;
  recording.append(ScaleAdd::dispatch(whole(backend->allocate(400, Memory::device, "x")), y, 1, 9));
  const auto program = backend->prepare(recording);
  backend.reset();
  const auto other = make_backend(device());
  other->run(*program);
  EXPECT_EQ(read(*other, y), std::vector<uint32_t>(100, 9));
}

TEST(Replay, AnEmptyRecordingRuns) {
  const auto backend = make_backend(device());
  EXPECT_NO_THROW(backend->run(*backend->prepare({})));
}

TEST(Transfer, CrossesStagingInChunks) {
  Settings settings;
  settings.map_device_memory = false;
  const auto backend = make_backend(open_device({}, settings));
  const uint32_t words = (20u << 20) / 4 + 77;  // more than both halves of the staging memory
  const auto buffer = whole(backend->allocate(4ull * words + 512, Memory::device, "large"));
  write(*backend, buffer.sub(256, 4ull * words), ramp(words, 11));
  EXPECT_EQ(read(*backend, buffer.sub(256, 4ull * words)), ramp(words, 11));
  EXPECT_EQ(read(*backend, buffer.sub(0, 256)), std::vector<uint32_t>(64, 0));
  EXPECT_EQ(read(*backend, buffer.sub(256 + 4ull * words, 256)), std::vector<uint32_t>(64, 0));
}

TEST(Limits, AreCheckedBeforeADriverSeesThem) {
  const auto backend = make_backend(device());
  const auto x = whole(backend->allocate(4096, Memory::device, "x"));
  const auto y = whole(backend->allocate(4096, Memory::device, "y"));
  const auto status_of = [&](const std::function<void(graph::Dispatch&)>& change) {
    graph::Dispatch d = ScaleAdd::dispatch(x, y, 1, 1);
    change(d);
    graph::Recording recording;
    recording.append(d);
    try {
      backend->prepare(recording);
    } catch (const Error& e) {
      return e.status();
    }
    return Status::ok;
  };
  EXPECT_EQ(status_of([](auto&) {}), Status::ok);
  EXPECT_EQ(status_of([](auto& d) { d.grid.y = 1u << 31; }), Status::internal);
  EXPECT_EQ(status_of([](auto& d) { d.buffers[0].offset = 4; }), Status::internal);
  EXPECT_EQ(status_of([](auto& d) { d.buffers[0].size = 4097; }), Status::internal);
  EXPECT_EQ(status_of([](auto& d) { d.buffers[0].size = 0; }), Status::internal);
}

TEST(Limits, AKernelTheDeviceCannotRunIsRefused) {
  static graph::Kernel demanding = ScaleAdd::kernel();
  demanding.requirements = 1u << 31;
  const auto backend = make_backend(device());
  const auto x = whole(backend->allocate(4096, Memory::device, "x"));
  graph::Recording recording;
  recording.append(ScaleAdd::dispatch(x, whole(backend->allocate(4096, Memory::device, "y")), 1, 1));
  graph::Recording changed;
  graph::Dispatch d = recording.dispatches()[0];
  d.kernel = &demanding;
  changed.append(d);
  try {
    backend->prepare(changed);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), Status::unsupported);
  }
}

TEST(LostDevice, SaysSoOnEveryLaterCall) {
  const auto own = open_device();
  const auto backend = make_backend(own);
  const auto x = whole(backend->allocate(4096, Memory::device, "x"));
  graph::Recording recording;
  recording.append(ScaleAdd::dispatch(x, whole(backend->allocate(4096, Memory::device, "y")), 1, 1));
  const auto program = backend->prepare(recording);
  backend->run(*program);
  lose_device(*own);
  for (int i = 0; i < 2; ++i) try {
      backend->run(*program);
      FAIL();
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), Status::device_lost);
      EXPECT_THAT(e.what(), testing::HasSubstr("open the device again"));
    }
}

TEST(Threads, TwoBackendsOfADeviceWorkAtOnce) {
  const auto own = open_device();  // a fresh one, so that both threads make the pipelines
  std::vector<std::vector<uint32_t>> results(2);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&result, own] { result = run_chain(*make_backend(own), 20); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(results[0], expected_chain(20));
  EXPECT_EQ(results[1], results[0]);
}

}  // namespace
}  // namespace unmask::vulkan
