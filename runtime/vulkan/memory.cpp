#include "vulkan/memory.h"

#include <algorithm>

#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

constexpr VkBufferUsageFlags buffer_usage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

// Every implementation has a type with both for buffers, so nothing here flushes or invalidates.
constexpr VkMemoryPropertyFlags host_coherent =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

// Larger requests get a block of their own.
uint64_t block_bytes(graph::Memory kind) { return kind == graph::Memory::device ? 64ull << 20 : 4ull << 20; }

uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

MemoryPool::MemoryPool(VkPhysicalDevice physical, Device& device) : device_(device), physical_(physical) {
  vkGetPhysicalDeviceMemoryProperties(physical, &types_);
}

// Shared memory is what the host reads fastest. Device memory is local, and mapped too where host and device
// share their memory anyway; a discrete GPU's mapped window may be small.
uint32_t MemoryPool::type_index(graph::Memory kind) const {
  const bool discrete = device_.traits().device_class == graph::DeviceClass::discrete;
  const bool mapped = kind == graph::Memory::shared || !discrete;
  const auto score = [&](VkMemoryPropertyFlags flags) {
    const bool visible = (flags & host_coherent) == host_coherent;
    const bool local = (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
    const bool cached = (flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT) != 0;
    if (kind == graph::Memory::shared) return visible ? 1 + 2 * cached + (local && !discrete) : 0;
    return 1 + 4 * local + 2 * (visible == mapped) + (cached && mapped);
  };
  uint32_t best = 0;
  for (uint32_t i = 1; i < types_.memoryTypeCount; ++i)
    if (score(types_.memoryTypes[i].propertyFlags) > score(types_.memoryTypes[best].propertyFlags)) best = i;
  return best;
}

uint64_t MemoryPool::bytes_left(uint32_t type) const {
  const uint32_t heap = types_.memoryTypes[type].heapIndex;
  if (!device_.info().plan.uses("memory budget")) return types_.memoryHeaps[heap].size;
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, &budget, {}};
  vkGetPhysicalDeviceMemoryProperties2(physical_, &all);
  return budget.heapBudget[heap] - std::min(budget.heapBudget[heap], budget.heapUsage[heap]);
}

void MemoryPool::fail_full(uint64_t bytes, graph::Memory kind, const char* label) const {
  const bool budget = device_.info().plan.uses("memory budget");
  fail(Status::out_of_memory,
       "The device '{}' has no {} bytes for '{}': {} bytes {}; use a smaller model, f16 weights or another "
       "device.",
       device_.info().name, bytes, label, bytes_left(type_index(kind)),
       budget ? "are left" : "are all it has");
}

void MemoryPool::map(MemoryBlock& block, uint32_t type) {
  if ((types_.memoryTypes[type].propertyFlags & host_coherent) != host_coherent) return;
  if (block.kind == graph::Memory::device && !device_.settings().map_device_memory) return;
  void* mapped = nullptr;
  check(device_.vk().vkMapMemory(device_.handle(), block.memory.get(), 0, VK_WHOLE_SIZE, 0, &mapped),
        "vkMapMemory");
  block.mapped = static_cast<std::byte*>(mapped);
}

// Null if the device is full.
std::unique_ptr<MemoryBlock> MemoryPool::try_make_block(uint64_t bytes, graph::Memory kind) {
  const VolkDeviceTable& vk = device_.vk();
  auto block = std::make_unique<MemoryBlock>(bytes, kind);
  VkBufferCreateInfo create{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  create.size = bytes;
  create.usage = buffer_usage;
  VkBuffer buffer = VK_NULL_HANDLE;
  check(vk.vkCreateBuffer(device_.handle(), &create, nullptr, &buffer), "vkCreateBuffer");
  block->buffer = {device_.handle(), buffer, vk.vkDestroyBuffer};

  VkMemoryRequirements needs;
  vk.vkGetBufferMemoryRequirements(device_.handle(), buffer, &needs);
  VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = type_index(kind);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  if (vk.vkAllocateMemory(device_.handle(), &allocate, nullptr, &memory) != VK_SUCCESS) return nullptr;
  block->memory = {device_.handle(), memory, vk.vkFreeMemory};
  check(vk.vkBindBufferMemory(device_.handle(), buffer, memory, 0), "vkBindBufferMemory");
  map(*block, allocate.memoryTypeIndex);
  return block;
}

Allocation MemoryPool::allocate_from_blocks(uint64_t bytes, graph::Memory kind) {
  for (const auto& block : blocks_) {
    if (block->kind != kind) continue;
    if (const auto offset = block->free.take(bytes)) return {block.get(), *offset, bytes};
  }
  return {};
}

Allocation MemoryPool::allocate(uint64_t bytes, graph::Memory kind, const char* label) {
  // Offsets within a block keep the alignment that slices promise.
  const uint64_t rounded =
      round_up(std::max<uint64_t>(bytes, 1), std::max(device_.traits().storage_alignment, 64u));
  const uint64_t most = device_.info().properties.max_allocation;
  require(
      rounded <= most && rounded >= bytes, Status::out_of_memory,
      "The device '{}' has no {} bytes for '{}' in one piece, only {}; use f16 weights or another device.",
      device_.info().name, bytes, label, most);
  const std::lock_guard lock(mutex_);
  if (fail_countdown_ > 0 && --fail_countdown_ == 0) fail_full(bytes, kind, label);
  if (const Allocation found = allocate_from_blocks(rounded, kind); found.block != nullptr) return found;
  std::unique_ptr<MemoryBlock> block = try_make_block(std::max(rounded, block_bytes(kind)), kind);
  if (block == nullptr) block = try_make_block(rounded, kind);
  if (block == nullptr) fail_full(bytes, kind, label);
  blocks_.push_back(std::move(block));
  return allocate_from_blocks(rounded, kind);
}

// One empty block of a kind is kept, so that a lone buffer made and dropped in turn stays cheap.
bool MemoryPool::is_spare(const MemoryBlock& block) const {
  if (!block.free.all_free()) return false;
  if (block.free.total() != block_bytes(block.kind)) return true;
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const auto& other) {
    return other.get() != &block && other->kind == block.kind && other->free.all_free();
  });
}

void MemoryPool::release(const Allocation& allocation) {
  const std::lock_guard lock(mutex_);
  allocation.block->free.give_back(allocation.offset, allocation.size);
  if (!is_spare(*allocation.block)) return;
  std::erase_if(blocks_, [&](const auto& block) { return block.get() == allocation.block; });
}

void MemoryPool::fail_nth(uint64_t n) {
  const std::lock_guard lock(mutex_);
  fail_countdown_ = n;
}

}  // namespace unmask::vulkan
