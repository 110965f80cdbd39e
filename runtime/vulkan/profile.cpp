#include "vulkan/profile.h"

#include "vulkan/device.h"

namespace unmask::vulkan {

Timestamps::Timestamps(std::shared_ptr<Device> device, uint32_t marks)
    : device_(std::move(device)), marks_(marks) {
  VkQueryPoolCreateInfo create{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
  create.queryType = VK_QUERY_TYPE_TIMESTAMP;
  create.queryCount = marks;
  VkQueryPool pool = VK_NULL_HANDLE;
  check(device_->vk().vkCreateQueryPool(device_->handle(), &create, nullptr, &pool), "vkCreateQueryPool");
  pool_ = {device_->handle(), pool, device_->vk().vkDestroyQueryPool};
}

bool Timestamps::offered(const Device& device) { return device.info().plan.uses("timestamps"); }

void Timestamps::reset(VkCommandBuffer commands) const {
  device_->vk().vkCmdResetQueryPool(commands, pool_.get(), 0, marks_);
}

void Timestamps::mark(VkCommandBuffer commands) {
  device_->vk().vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool_.get(), next_++);
}

std::vector<double> Timestamps::intervals() const {
  std::vector<uint64_t> ticks(marks_);
  check(device_->vk().vkGetQueryPoolResults(device_->handle(), pool_.get(), 0, marks_,
                                            ticks.size() * sizeof(uint64_t), ticks.data(), sizeof(uint64_t),
                                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
        "vkGetQueryPoolResults");
  const DeviceProperties& p = device_->info().properties;
  const uint64_t valid = p.timestamp_bits >= 64 ? UINT64_MAX : (1ull << p.timestamp_bits) - 1;
  std::vector<double> seconds;
  for (size_t i = 0; i + 1 < ticks.size(); ++i)  // counters of fewer bits wrap around
    seconds.push_back(static_cast<double>((ticks[i + 1] - ticks[i]) & valid) * p.timestamp_period * 1e-9);
  return seconds;
}

}  // namespace unmask::vulkan
