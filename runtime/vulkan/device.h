// An open device: the VkDevice with its functions, its one compute queue, its memory and its pipelines.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "vulkan/api.h"
#include "vulkan/devices.h"
#include "vulkan/memory.h"
#include "vulkan/pipeline.h"
#include "vulkan/speeds.h"

namespace unmask::vulkan {

class Device {
 public:
  // `info` describes `physical` and holds no refusal.
  Device(VkPhysicalDevice physical, DeviceInfo info, Settings settings);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  VkDevice handle() const { return device_; }
  const VolkDeviceTable& vk() const { return vk_; }
  const DeviceInfo& info() const { return info_; }
  const Settings& settings() const { return settings_; }
  const graph::Traits& traits() const { return info_.plan.traits; }
  uint32_t queue_family() const { return queue_family_; }
  MemoryPool& memory() { return *memory_; }
  Pipelines& pipelines() { return *pipelines_; }
  Speeds& speeds() { return speeds_; }

  // Seconds a submission may take; infinite if there is no limit.
  double submit_budget() const;

  // Submits each command buffer on its own, in order; `fence` tells when all are done. Thread-safe.
  void submit(std::span<const VkCommandBuffer> commands, VkFence fence);
  // Waits for a submitted fence and resets it. Thread-safe.
  void wait(VkFence fence);

  // From now on, submit() and wait() throw device_lost.
  void lose() { lost_ = true; }

 private:
  [[noreturn]] void fail_lost(const char* call);

  DeviceInfo info_;
  Settings settings_;
  uint32_t queue_family_ = 0;
  VkDevice device_ = VK_NULL_HANDLE;
  VolkDeviceTable vk_{};
  VkQueue queue_ = VK_NULL_HANDLE;
  std::mutex queue_mutex_;
  std::atomic<bool> lost_ = false;
  Speeds speeds_;
  std::unique_ptr<MemoryPool> memory_;
  std::unique_ptr<Pipelines> pipelines_;
};

}  // namespace unmask::vulkan
