// A command pool with one command buffer and the fence to wait for it: what one thread needs to talk to the
// queue.
#pragma once

#include <memory>

#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

class Commands {
 public:
  explicit Commands(std::shared_ptr<Device> device);

  Device& device() const { return *device_; }
  VkCommandBuffer buffer() const { return buffer_; }

  void begin(VkCommandBufferUsageFlags flags);
  void end();
  void run();  // submits what was recorded and waits; may be called again unless begun with ONE_TIME_SUBMIT

  // Makes what one side wrote visible to the other. Host reads and writes count as one more stage.
  void barrier(VkPipelineStageFlags from, VkAccessFlags writes, VkPipelineStageFlags to, VkAccessFlags reads);

 private:
  std::shared_ptr<Device> device_;
  Handle<VkCommandPool> pool_;
  Handle<VkFence> fence_;
  VkCommandBuffer buffer_ = VK_NULL_HANDLE;
};

}  // namespace unmask::vulkan
