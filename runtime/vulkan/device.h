// An open device: the VkDevice with its functions, its one compute queue, its memory and its pipelines.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "vulkan/api.h"
#include "vulkan/devices.h"
#include "vulkan/memory.h"
#include "vulkan/pipeline.h"

namespace unmask::vulkan {

class Device {
 public:
  // `properties` of `physical` must have passed plan_device without refusal.
  Device(VkPhysicalDevice physical, DeviceInfo info);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  VkDevice handle() const { return device_; }
  const VolkDeviceTable& vk() const { return vk_; }
  const DeviceInfo& info() const { return info_; }
  const graph::Traits& traits() const { return info_.plan.traits; }
  uint32_t queue_family() const { return queue_family_; }
  MemoryPool& memory() { return *memory_; }
  Pipelines& pipelines() { return *pipelines_; }

  // Submits `commands` and waits for `fence`, which is reset again. Thread-safe; other threads may submit
  // meanwhile. Once the device is lost, this throws device_lost for ever.
  void submit_and_wait(VkCommandBuffer commands, VkFence fence);

 private:
  [[noreturn]] void lose(const char* call);

  DeviceInfo info_;
  uint32_t queue_family_ = 0;
  VkDevice device_ = VK_NULL_HANDLE;
  VolkDeviceTable vk_{};
  VkQueue queue_ = VK_NULL_HANDLE;
  std::mutex queue_mutex_;
  std::atomic<bool> lost_ = false;
  std::unique_ptr<MemoryPool> memory_;
  std::unique_ptr<Pipelines> pipelines_;
};

}  // namespace unmask::vulkan
