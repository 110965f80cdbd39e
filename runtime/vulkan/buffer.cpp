#include "vulkan/buffer.h"

#include "vulkan/device.h"

namespace unmask::vulkan {

VulkanBuffer::VulkanBuffer(std::shared_ptr<Device> device, uint64_t bytes, graph::Memory kind,
                           const char* label)
    : device_(std::move(device)),
      bytes_(bytes),
      allocation_(device_->memory().allocate(bytes, kind, label)) {}

VulkanBuffer::~VulkanBuffer() { device_->memory().release(allocation_); }

std::byte* VulkanBuffer::mapped() const {
  std::byte* start = allocation_.block->mapped;
  return start == nullptr ? nullptr : start + allocation_.offset;
}

const VulkanBuffer& buffer_of(const graph::Slice& slice, const Device& device) {
  const auto* buffer = dynamic_cast<const VulkanBuffer*>(slice.buffer.get());
  require(buffer != nullptr && &buffer->device() == &device, Status::internal,
          "A slice does not belong to the device '{}' that is to use it.", device.info().name);
  require(slice.offset <= buffer->size() && slice.size <= buffer->size() - slice.offset, Status::internal,
          "A slice of {} bytes at {} leaves its buffer of {} bytes.", slice.size, slice.offset,
          buffer->size());
  return *buffer;
}

}  // namespace unmask::vulkan
