// Device memory, cut from large blocks: drivers allow few allocations (4,096 on many), models have many
// tensors.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "graph/backend.h"
#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

// One VkDeviceMemory and the VkBuffer that spans it, with its free ranges.
struct MemoryBlock {
  Handle<VkDeviceMemory> memory;
  Handle<VkBuffer> buffer;
  uint64_t size = 0;                  // bytes
  std::byte* mapped = nullptr;        // null if the host cannot see it
  std::map<uint64_t, uint64_t> free;  // offset -> bytes, neighbours merged
  graph::Memory kind = graph::Memory::device;
};

struct Allocation {
  MemoryBlock* block = nullptr;
  uint64_t offset = 0, size = 0;  // bytes within the block
};

// Thread-safe.
class MemoryPool {
 public:
  MemoryPool(VkPhysicalDevice physical, Device& device);

  // Contents are whatever was there. Throws out_of_memory with the size asked for and what is left.
  Allocation allocate(uint64_t bytes, graph::Memory kind, const char* label);
  void release(const Allocation& allocation);

 private:
  uint32_t type_index(graph::Memory kind) const;
  std::unique_ptr<MemoryBlock> make_block(uint64_t bytes, graph::Memory kind, const char* label);

  Device& device_;
  VkPhysicalDevice physical_;
  VkPhysicalDeviceMemoryProperties types_{};
  std::mutex mutex_;
  std::vector<std::unique_ptr<MemoryBlock>> blocks_;
};

// A buffer of any backend of one device.
class VulkanBuffer final : public graph::Buffer {
 public:
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
VulkanBuffer& buffer_of(const graph::Slice& slice, const Device& device);

}  // namespace unmask::vulkan
