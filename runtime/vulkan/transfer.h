// Copies between host and device: directly where the host sees the memory, else through a bounded staging
// buffer.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "vulkan/buffer.h"
#include "vulkan/commands.h"

namespace unmask::vulkan {

// For one thread. Every call waits until its copy is done.
class Transfer {
 public:
  explicit Transfer(std::shared_ptr<Device> device);

  void write(const graph::Slice& to, std::span<const std::byte> from);
  void read(const graph::Slice& from, std::span<std::byte> to);
  void fill_zero(VulkanBuffer& buffer);

 private:
  // Half of the staging memory. While the device copies one half, the host fills or empties the other.
  struct Half {
    explicit Half(const std::shared_ptr<Device>& device);
    Commands commands;
    std::shared_ptr<VulkanBuffer> buffer;
  };

  Half& half(uint64_t chunk);
  void copy(Half& half, const VulkanBuffer& from, uint64_t from_offset, const VulkanBuffer& to,
            uint64_t to_offset, uint64_t bytes);

  std::shared_ptr<Device> device_;
  std::array<std::unique_ptr<Half>, 2> halves_;  // made on first need
};

}  // namespace unmask::vulkan
