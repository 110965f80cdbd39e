#include "vulkan/transfer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

constexpr uint64_t staging_bytes = 16ull << 20;

constexpr VkPipelineStageFlags device_stages =
    VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
constexpr VkAccessFlags device_access = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
                                        VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;

}  // namespace

Transfer::Transfer(std::shared_ptr<Device> device) : device_(device), commands_(device) {}

VulkanBuffer& Transfer::staging() {
  if (staging_ == nullptr)
    staging_ = std::make_shared<VulkanBuffer>(device_, staging_bytes, graph::Memory::shared, "staging");
  return *staging_;
}

void Transfer::copy(const VulkanBuffer& from, uint64_t from_offset, const VulkanBuffer& to,
                    uint64_t to_offset, uint64_t bytes) {
  commands_.begin(VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
  commands_.barrier(device_stages | VK_PIPELINE_STAGE_HOST_BIT, device_access | VK_ACCESS_HOST_WRITE_BIT,
                    VK_PIPELINE_STAGE_TRANSFER_BIT,
                    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT);
  const VkBufferCopy region{from.base() + from_offset, to.base() + to_offset, bytes};
  device_->vk().vkCmdCopyBuffer(commands_.buffer(), from.handle(), to.handle(), 1, &region);
  commands_.barrier(VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
                    device_stages | VK_PIPELINE_STAGE_HOST_BIT, device_access | VK_ACCESS_HOST_READ_BIT);
  commands_.end();
  commands_.run();
}

void Transfer::write(const graph::Slice& to, std::span<const std::byte> from) {
  assert(from.size() <= to.size);
  VulkanBuffer& buffer = buffer_of(to, *device_);
  if (buffer.mapped() != nullptr) {
    std::memcpy(buffer.mapped() + to.offset, from.data(), from.size());
    return;
  }
  for (uint64_t done = 0; done < from.size(); done += staging_bytes) {
    const uint64_t bytes = std::min<uint64_t>(staging_bytes, from.size() - done);
    std::memcpy(staging().mapped(), from.data() + done, bytes);
    copy(staging(), 0, buffer, to.offset + done, bytes);
  }
}

void Transfer::read(const graph::Slice& from, std::span<std::byte> to) {
  assert(to.size() <= from.size);
  VulkanBuffer& buffer = buffer_of(from, *device_);
  if (buffer.mapped() != nullptr) {
    std::memcpy(to.data(), buffer.mapped() + from.offset, to.size());
    return;
  }
  for (uint64_t done = 0; done < to.size(); done += staging_bytes) {
    const uint64_t bytes = std::min<uint64_t>(staging_bytes, to.size() - done);
    copy(buffer, from.offset + done, staging(), 0, bytes);
    std::memcpy(to.data() + done, staging().mapped(), bytes);
  }
}

void Transfer::fill_zero(VulkanBuffer& buffer) {
  if (buffer.mapped() != nullptr) {
    std::memset(buffer.mapped(), 0, buffer.size());
    return;
  }
  commands_.begin(VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
  device_->vk().vkCmdFillBuffer(commands_.buffer(), buffer.handle(), buffer.base(),
                                (buffer.size() + 3) / 4 * 4, 0);
  commands_.barrier(VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT, device_stages,
                    device_access);
  commands_.end();
  commands_.run();
}

}  // namespace unmask::vulkan
