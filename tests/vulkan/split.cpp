// Cutting recordings into submissions, and the estimates that decide where.
#include "vulkan/split.h"

#include <limits>

#include <gtest/gtest.h>

#include "vulkan/speeds.h"

namespace unmask::vulkan {
namespace {

const graph::Kernel kernel{"test", {}, {}, {}, 0, 0};

graph::Recording recording_of(const std::vector<graph::Grid>& grids, const char* label = "work",
                              graph::Work work = {}) {
  graph::Recording recording;
  for (const graph::Grid& grid : grids) recording.append({&kernel, {}, {}, {}, grid, label, work});
  return recording;
}

// How often each workgroup of a dispatch is run.
std::vector<int> coverage(const std::vector<Submission>& submissions, uint32_t dispatch, graph::Grid grid) {
  std::vector<int> runs(size_t{grid.x} * grid.y * grid.z, 0);
  for (const Submission& s : submissions)
    for (const Piece& p : s) {
      if (p.dispatch != dispatch) continue;
      for (uint32_t z = p.base.z; z < p.base.z + p.count.z; ++z)
        for (uint32_t y = p.base.y; y < p.base.y + p.count.y; ++y)
          for (uint32_t x = p.base.x; x < p.base.x + p.count.x; ++x) ++runs.at((z * grid.y + y) * grid.x + x);
    }
  return runs;
}

TEST(Split, WithoutABudgetEverythingIsOneSubmission) {
  const auto parts = split(recording_of({{3, 2, 1}, {7, 1, 1}}), std::vector<double>{5, 9},
                           std::numeric_limits<double>::infinity());
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].size(), 2u);
  EXPECT_EQ(parts[0][1].count.x, 7u);
}

TEST(Split, FillsSubmissionsUpToTheBudgetInOrder) {
  const auto parts = split(recording_of({{1}, {1}, {1}, {1}}), std::vector<double>{4, 5, 2, 7}, 10);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].size(), 2u);
  EXPECT_EQ(parts[1].front().dispatch, 2u);
  EXPECT_EQ(parts[1].back().dispatch, 3u);
}

TEST(Split, CutsALongDispatchAlongItsLargestDimension) {
  const graph::Grid grid{3, 17, 2};
  const auto parts = split(recording_of({{1}, grid, {1}}), std::vector<double>{1, 45, 1}, 10);
  EXPECT_EQ(parts.size(),
            5u);  // pieces of 9: the first dispatch goes with the first, the third with the last
  EXPECT_EQ(coverage(parts, 1, grid), std::vector<int>(3 * 17 * 2, 1));
  for (const Submission& s : parts)
    for (const Piece& p : s) {
      if (p.dispatch != 1) continue;
      EXPECT_EQ(p.count.x, 3u);
      EXPECT_EQ(p.count.z, 2u);
      EXPECT_LE(p.count.y, 4u);
    }
}

TEST(Split, NeverCutsBelowASingleSlice) {
  const graph::Grid grid{2, 1, 5};
  const auto parts = split(recording_of({grid}), std::vector<double>{1000}, 0.001);
  EXPECT_EQ(parts.size(), 5u);
  EXPECT_EQ(coverage(parts, 0, grid), std::vector<int>(10, 1));
}

TEST(Split, AnEmptyRecordingNeedsNoSubmission) {
  EXPECT_TRUE(split(graph::Recording(), std::vector<double>{}, 1).empty());
}

TEST(Speeds, GuessSlowlyUntilMeasured) {
  Speeds speeds(graph::DeviceClass::mobile);
  const auto small = recording_of({{1}}, "matmul", {.flops = 1'000'000, .bytes = 1000});
  const auto large = recording_of({{1}}, "matmul", {.flops = 100'000'000'000, .bytes = 1000});
  EXPECT_GT(speeds.estimate(large)[0], 1.0) << "a watchdog's two seconds must not be risked on a guess";
  const double ratio = speeds.estimate(large)[0] / speeds.estimate(small)[0];
  speeds.learn(small, {speeds.estimate(small)[0] / 8});
  EXPECT_NEAR(speeds.estimate(large)[0], speeds.estimate(small)[0] * ratio, 1e-6);
  EXPECT_LT(speeds.estimate(large)[0], 1.3);
}

TEST(Speeds, AreKeptPerLabel) {
  Speeds speeds(graph::DeviceClass::discrete);
  const graph::Work work{.flops = 1'000'000'000};
  const auto head = recording_of({{1}}, "head", work), mlp = recording_of({{1}}, "mlp", work);
  const double before = speeds.estimate(mlp)[0];
  speeds.learn(head, {12.0});
  EXPECT_NEAR(speeds.estimate(head)[0], 12.0, 1e-9);
  EXPECT_EQ(speeds.estimate(mlp)[0], before);
}

}  // namespace
}  // namespace unmask::vulkan
