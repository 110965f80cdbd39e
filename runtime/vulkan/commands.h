// Command buffers of one thread, with the fence to wait for them.
#pragma once

#include <memory>
#include <vector>

#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

class Commands {
 public:
  explicit Commands(std::shared_ptr<Device> device);

  Device& device() const { return *device_; }
  VkCommandBuffer current() const { return buffers_.back(); }

  void clear();  // forgets what was recorded; nothing of it may be running
  void begin();  // opens one more command buffer
  void end();

  void
  submit();  // all command buffers, in order, each as a submission of its own; may be repeated after wait()
  void wait();  // until the last submit() is done; returns at once if there was none
  void run() { submit(), wait(); }

  // Makes what one side wrote visible to the other.
  void barrier(VkPipelineStageFlags from, VkAccessFlags writes, VkPipelineStageFlags to, VkAccessFlags reads);

 private:
  std::shared_ptr<Device> device_;
  Handle<VkCommandPool> pool_;
  Handle<VkFence> fence_;
  std::vector<VkCommandBuffer> buffers_;
  bool submitted_ = false;
};

// Everything the device does before and after a barrier that orders all of it.
constexpr VkPipelineStageFlags device_stages =
    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
constexpr VkAccessFlags shader_access = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
constexpr VkAccessFlags transfer_access = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
constexpr VkAccessFlags device_writes = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;

}  // namespace unmask::vulkan
