// Device memory, cut from large blocks: drivers allow few allocations (4,096 on many), models have many
// tensors.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "graph/backend.h"
#include "vulkan/free_ranges.h"
#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

// One VkDeviceMemory and the VkBuffer that spans it.
struct MemoryBlock {
  explicit MemoryBlock(uint64_t bytes, graph::Memory k) : free(bytes), kind(k) {}

  FreeRanges free;
  graph::Memory kind;
  Handle<VkDeviceMemory> memory;
  Handle<VkBuffer> buffer;
  std::byte* mapped = nullptr;  // null if the host cannot see it
};

// A range of a block.
struct Allocation {
  MemoryBlock* block = nullptr;
  uint64_t offset = 0, size = 0;  // bytes
};

// Thread-safe.
class MemoryPool {
 public:
  MemoryPool(VkPhysicalDevice physical, Device& device);

  // Contents are whatever was there. Throws out_of_memory with the size asked for and what is left.
  Allocation allocate(uint64_t bytes, graph::Memory kind, const char* label);
  void release(const Allocation& allocation);

  // For tests: the n-th allocation from now on (1: the next) fails as if the device were full; 0: none.
  void fail_nth(uint64_t n);

 private:
  uint32_t type_index(graph::Memory kind) const;
  uint64_t bytes_left(uint32_t type) const;
  [[noreturn]] void fail_full(uint64_t bytes, graph::Memory kind, const char* label) const;
  Allocation allocate_from_blocks(uint64_t bytes, graph::Memory kind);
  std::unique_ptr<MemoryBlock> try_make_block(uint64_t bytes, graph::Memory kind);
  void map(MemoryBlock& block, uint32_t type);
  bool is_spare(const MemoryBlock& block) const;

  Device& device_;
  VkPhysicalDevice physical_;
  VkPhysicalDeviceMemoryProperties types_{};
  std::mutex mutex_;
  uint64_t fail_countdown_ = 0;
  std::vector<std::unique_ptr<MemoryBlock>> blocks_;
};

}  // namespace unmask::vulkan
