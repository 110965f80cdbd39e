// A recording that runs again and again: lowered once, resubmitted on each run.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "vulkan/lower.h"

namespace unmask::vulkan {

constexpr double no_budget = std::numeric_limits<double>::infinity();

// Keeps its device and buffers alive, so it may outlive the backend that made it. For one thread at a time.
class VulkanProgram final : public graph::Program {
 public:
  VulkanProgram(std::shared_ptr<Device> device, graph::Recording recording);
  const graph::Recording& recording() const override { return recording_; }
  bool warmed_up() const override { return replayed_ != nullptr && !has_new_pipelines_; }

  void run();
  // Seconds of each dispatch, run one by one; zeros if the device has no timestamps.
  std::vector<double> run_timed();

  // How many submissions a run makes now.
  size_t submissions() const;

 private:
  std::vector<Submission> plan() const;
  bool must_measure() const;
  void lower();

  std::shared_ptr<Device> device_;
  graph::Recording recording_;
  std::unique_ptr<Lowered> replayed_, timed_;  // made when first needed
  bool measured_ = false;
  bool has_new_pipelines_ = false;  // which drivers may compile when they first run
};

}  // namespace unmask::vulkan
