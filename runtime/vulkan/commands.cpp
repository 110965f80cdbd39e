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
}

void Commands::clear() {
  if (!buffers_.empty())
    device_->vk().vkFreeCommandBuffers(device_->handle(), pool_.get(), static_cast<uint32_t>(buffers_.size()),
                                       buffers_.data());
  buffers_.clear();
}

void Commands::begin() {
  VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  allocate.commandPool = pool_.get();
  allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  allocate.commandBufferCount = 1;
  VkCommandBuffer buffer = VK_NULL_HANDLE;
  check(device_->vk().vkAllocateCommandBuffers(device_->handle(), &allocate, &buffer),
        "vkAllocateCommandBuffers");
  buffers_.push_back(buffer);
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  check(device_->vk().vkBeginCommandBuffer(buffer, &begin), "vkBeginCommandBuffer");
}

void Commands::end() { check(device_->vk().vkEndCommandBuffer(current()), "vkEndCommandBuffer"); }

void Commands::submit() {
  if (buffers_.empty()) return;
  device_->submit(buffers_, fence_.get());
  submitted_ = true;
}

void Commands::wait() {
  if (!submitted_) return;
  submitted_ = false;
  device_->wait(fence_.get());
}

void Commands::barrier(VkPipelineStageFlags from, VkAccessFlags writes, VkPipelineStageFlags to,
                       VkAccessFlags reads) {
  const VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, writes, reads};
  device_->vk().vkCmdPipelineBarrier(current(), from, to, 0, 1, &memory, 0, nullptr, 0, nullptr);
}

}  // namespace unmask::vulkan
