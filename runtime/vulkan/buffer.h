// A buffer of any backend of one device.
#pragma once

#include <memory>

#include "vulkan/memory.h"

namespace unmask::vulkan {

// Keeps its device open. May be dropped on any thread once no program that uses it runs.
class VulkanBuffer final : public graph::Buffer {
 public:
  // Contents are whatever was there.
  VulkanBuffer(std::shared_ptr<Device> device, uint64_t bytes, graph::Memory kind, const char* label);
  ~VulkanBuffer() override;
  uint64_t size() const override { return bytes_; }

  const Device& device() const { return *device_; }
  VkBuffer handle() const { return allocation_.block->buffer.get(); }
  uint64_t base() const { return allocation_.offset; }  // bytes from the start of handle()
  std::byte* mapped() const;                            // null if the host cannot see it

 private:
  std::shared_ptr<Device> device_;
  uint64_t bytes_;
  Allocation allocation_;
};

// The buffer behind a slice, which must come from a backend of `device` and hold the slice's range.
const VulkanBuffer& buffer_of(const graph::Slice& slice, const Device& device);

}  // namespace unmask::vulkan
