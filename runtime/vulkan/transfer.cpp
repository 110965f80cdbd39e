#include "vulkan/transfer.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

constexpr uint64_t half_bytes = 8ull << 20;

}  // namespace

Transfer::Half::Half(const std::shared_ptr<Device>& device)
    : commands(device),
      buffer(std::make_shared<VulkanBuffer>(device, half_bytes, graph::Memory::shared, "staging")) {}

Transfer::Transfer(std::shared_ptr<Device> device) : device_(std::move(device)) {}

Transfer::Half& Transfer::half(uint64_t chunk) {
  std::unique_ptr<Half>& half = halves_[chunk % halves_.size()];
  if (half == nullptr) half = std::make_unique<Half>(device_);
  return *half;
}

void Transfer::copy(Half& half, const VulkanBuffer& from, uint64_t from_offset, const VulkanBuffer& to,
                    uint64_t to_offset, uint64_t bytes) {
  half.commands.clear();
  half.commands.begin();
  half.commands.barrier(device_stages, device_writes, VK_PIPELINE_STAGE_TRANSFER_BIT, transfer_access);
  const VkBufferCopy region{from.base() + from_offset, to.base() + to_offset, bytes};
  device_->vk().vkCmdCopyBuffer(half.commands.current(), from.handle(), to.handle(), 1, &region);
  half.commands.barrier(VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_WRITE_BIT,
                        VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
  half.commands.end();
  half.commands.submit();
}

void Transfer::write(const graph::Slice& to, std::span<const std::byte> from) {
  assert(from.size() <= to.size);
  const VulkanBuffer& buffer = buffer_of(to, *device_);
  if (from.empty()) return;
  if (buffer.mapped() != nullptr) {
    std::memcpy(buffer.mapped() + to.offset, from.data(), from.size());
    return;
  }
  for (uint64_t done = 0; done < from.size(); done += half_bytes) {
    Half& next = half(done / half_bytes);
    next.commands.wait();
    const std::span<const std::byte> chunk = from.subspan(done, std::min(half_bytes, from.size() - done));
    std::memcpy(next.buffer->mapped(), chunk.data(), chunk.size());
    copy(next, *next.buffer, 0, buffer, to.offset + done, chunk.size());
  }
  for (const auto& used : halves_)
    if (used != nullptr) used->commands.wait();
}

void Transfer::read(const graph::Slice& from, std::span<std::byte> to) {
  assert(to.size() <= from.size);
  const VulkanBuffer& buffer = buffer_of(from, *device_);
  if (to.empty()) return;
  if (buffer.mapped() != nullptr) {
    std::memcpy(to.data(), buffer.mapped() + from.offset, to.size());
    return;
  }
  std::array<std::span<std::byte>, 2> unread;  // where the content of each half goes once its copy is done
  const auto collect = [&](uint64_t index) {
    half(index).commands.wait();
    const std::span<std::byte> target = std::exchange(unread[index % unread.size()], {});
    std::copy_n(half(index).buffer->mapped(), target.size(), target.data());
  };
  uint64_t chunk = 0;
  for (uint64_t done = 0; done < to.size(); done += half_bytes, ++chunk) {
    collect(chunk);
    const std::span<std::byte> target = to.subspan(done, std::min(half_bytes, to.size() - done));
    copy(half(chunk), buffer, from.offset + done, *half(chunk).buffer, 0, target.size());
    unread[chunk % unread.size()] = target;
  }
  for (uint64_t i = 0; i < std::min<uint64_t>(chunk, unread.size()); ++i) collect(i);
}

void Transfer::fill_zero(VulkanBuffer& buffer) {
  if (buffer.mapped() != nullptr) {
    std::memset(buffer.mapped(), 0, buffer.size());
    return;
  }
  Half& any = half(0);
  any.commands.wait();
  any.commands.clear();
  any.commands.begin();
  any.commands.barrier(device_stages, device_writes, VK_PIPELINE_STAGE_TRANSFER_BIT, transfer_access);
  const uint64_t words = (buffer.size() + 3) / 4;  // allocations are rounded up to more than that
  device_->vk().vkCmdFillBuffer(any.commands.current(), buffer.handle(), buffer.base(), words * 4, 0);
  any.commands.end();
  any.commands.run();
}

}  // namespace unmask::vulkan
