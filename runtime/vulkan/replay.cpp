#include "vulkan/replay.h"

#include "vulkan/device.h"

namespace unmask::vulkan {

VulkanProgram::VulkanProgram(std::shared_ptr<Device> device, graph::Recording recording)
    : device_(std::move(device)), recording_(std::move(recording)) {
  if (!must_measure()) lower();
}

void VulkanProgram::lower() {
  const size_t pipelines = device_->pipelines().count();
  replayed_ = std::make_unique<Lowered>(device_, recording_, plan(), LowerOptions{});
  has_new_pipelines_ = device_->pipelines().count() > pipelines;
}

std::vector<Submission> VulkanProgram::plan() const {
  return split(recording_, device_->speeds().estimate(recording_), device_->submit_budget());
}

// Under a budget the first run is timed, cautiously split, so that later ones are split by measured speed.
bool VulkanProgram::must_measure() const {
  return !measured_ && device_->submit_budget() < no_budget && Timestamps::offered(*device_);
}

size_t VulkanProgram::submissions() const { return plan().size(); }

void VulkanProgram::run() {
  if (must_measure()) {
    run_timed();
    timed_.reset();
    return;
  }
  if (replayed_ == nullptr || !device_->settings().replay) lower();
  replayed_->run();
  has_new_pipelines_ = false;
}

std::vector<double> VulkanProgram::run_timed() {
  if (timed_ == nullptr || !device_->settings().replay)
    timed_ = std::make_unique<Lowered>(device_, recording_, plan(),
                                       LowerOptions{.timed = Timestamps::offered(*device_)});
  timed_->run();
  std::vector<double> seconds = timed_->seconds();
  if (Timestamps::offered(*device_)) device_->speeds().learn(recording_, seconds), measured_ = true;
  return seconds;
}

}  // namespace unmask::vulkan
