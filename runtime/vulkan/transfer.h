// Copies between host and device: directly where the host sees the memory, else through a bounded staging
// buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "vulkan/commands.h"
#include "vulkan/memory.h"

namespace unmask::vulkan {

// For one thread. Every call waits until its copy is done.
class Transfer {
 public:
  explicit Transfer(std::shared_ptr<Device> device);

  void write(const graph::Slice& to, std::span<const std::byte> from);
  void read(const graph::Slice& from, std::span<std::byte> to);
  void fill_zero(VulkanBuffer& buffer);

 private:
  VulkanBuffer& staging();
  void copy(const VulkanBuffer& from, uint64_t from_offset, const VulkanBuffer& to, uint64_t to_offset,
            uint64_t bytes);

  std::shared_ptr<Device> device_;
  Commands commands_;
  std::shared_ptr<VulkanBuffer> staging_;  // made on first need
};

}  // namespace unmask::vulkan
