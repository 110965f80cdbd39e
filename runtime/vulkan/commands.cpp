#include "vulkan/commands.h"

#include "vulkan/device.h"

namespace unmask::vulkan {

Commands::Commands(std::shared_ptr<Device> device) : device_(std::move(device)) {
  const VolkDeviceTable& vk = device_->vk();
  VkCommandPoolCreateInfo pool_create{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  pool_create.queueFamilyIndex = device_->queue_family();
  VkCommandPool pool = VK_NULL_HANDLE;
  check(vk.vkCreateCommandPool(device_->handle(), &pool_create, nullptr, &pool), "vkCreateCommandPool");
  pool_ = {device_->handle(), pool, vk.vkDestroyCommandPool};

  VkFenceCreateInfo fence_create{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  VkFence fence = VK_NULL_HANDLE;
  check(vk.vkCreateFence(device_->handle(), &fence_create, nullptr, &fence), "vkCreateFence");
  fence_ = {device_->handle(), fence, vk.vkDestroyFence};

  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  allocate.commandPool = pool;
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = 1;
  check(vk.vkAllocateCommandBuffers(device_->handle(), &allocate, &buffer_), "vkAllocateCommandBuffers");
}

void Commands::begin(VkCommandBufferUsageFlags flags) {
  check(device_->vk().vkResetCommandPool(device_->handle(), pool_.get(), 0), "vkResetCommandPool");
  VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  begin.flags = flags;
  check(device_->vk().vkBeginCommandBuffer(buffer_, &begin), "vkBeginCommandBuffer");
}

void Commands::end() { check(device_->vk().vkEndCommandBuffer(buffer_), "vkEndCommandBuffer"); }

void Commands::run() { device_->submit_and_wait(buffer_, fence_.get()); }

void Commands::barrier(VkPipelineStageFlags from, VkAccessFlags writes, VkPipelineStageFlags to,
                       VkAccessFlags reads) {
  const VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, writes, reads};
  device_->vk().vkCmdPipelineBarrier(buffer_, from, to, 0, 1, &memory, 0, nullptr, 0, nullptr);
}

}  // namespace unmask::vulkan
