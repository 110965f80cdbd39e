#include "vulkan/memory.h"

#include <algorithm>
#include <cassert>

#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

constexpr uint64_t block_bytes = 64ull << 20;
constexpr VkBufferUsageFlags buffer_usage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
constexpr VkMemoryPropertyFlags host_coherent =
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Takes `bytes` from the first free range that holds them; returns UINT64_MAX if none does.
uint64_t take(std::map<uint64_t, uint64_t>& free, uint64_t bytes) {
  const auto found =
      std::find_if(free.begin(), free.end(), [&](const auto& range) { return range.second >= bytes; });
  if (found == free.end()) return UINT64_MAX;
  const auto [offset, length] = *found;
  free.erase(found);
  if (length > bytes) free.emplace(offset + bytes, length - bytes);
  return offset;
}

void give_back(std::map<uint64_t, uint64_t>& free, uint64_t offset, uint64_t bytes) {
  auto here = free.emplace(offset, bytes).first;
  const auto next = std::next(here);
  if (next != free.end() && here->first + here->second == next->first)
    here->second += next->second, free.erase(next);
  if (here == free.begin()) return;
  const auto before = std::prev(here);
  if (before->first + before->second == here->first) before->second += here->second, free.erase(here);
}

}  // namespace

MemoryPool::MemoryPool(VkPhysicalDevice physical, Device& device) : device_(device), physical_(physical) {
  vkGetPhysicalDeviceMemoryProperties(physical, &types_);
}

uint32_t MemoryPool::type_index(graph::Memory kind) const {
  const bool discrete = device_.traits().device_class == graph::DeviceClass::discrete;
  const bool mapped = kind == graph::Memory::shared || !discrete;
  const auto score = [&](VkMemoryPropertyFlags flags) {
    const bool visible = (flags & host_coherent) == host_coherent;
    const bool local = (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
    const bool cached = (flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT) != 0;
    if (kind == graph::Memory::shared) return visible ? 1 + 2 * cached + local * !discrete : 0;
    return 1 + 8 * local + 4 * (visible == mapped) + cached * mapped;
  };
  uint32_t best = 0;
  for (uint32_t i = 1; i < types_.memoryTypeCount; ++i)
    if (score(types_.memoryTypes[i].propertyFlags) > score(types_.memoryTypes[best].propertyFlags)) best = i;
  return best;
}

std::unique_ptr<MemoryBlock> MemoryPool::make_block(uint64_t bytes, graph::Memory kind, const char* label) {
  const VolkDeviceTable& vk = device_.vk();
  auto block = std::make_unique<MemoryBlock>();
  block->size = bytes;
  block->kind = kind;
  block->free.emplace(0, bytes);

  VkBufferCreateInfo create{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  create.size = bytes;
  create.usage = buffer_usage;
  VkBuffer buffer = VK_NULL_HANDLE;
  check(vk.vkCreateBuffer(device_.handle(), &create, nullptr, &buffer), "vkCreateBuffer");
  block->buffer = {device_.handle(), buffer, vk.vkDestroyBuffer};

  const uint32_t type = type_index(kind);
  VkMemoryRequirements needs;
  vk.vkGetBufferMemoryRequirements(device_.handle(), buffer, &needs);
  VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
  allocate.allocationSize = needs.size;
  allocate.memoryTypeIndex = type;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  const VkResult result = vk.vkAllocateMemory(device_.handle(), &allocate, nullptr, &memory);
  require(result == VK_SUCCESS, Status::out_of_memory, "No device memory for '{}': {} bytes were asked for.",
          label, bytes);
  block->memory = {device_.handle(), memory, vk.vkFreeMemory};
  check(vk.vkBindBufferMemory(device_.handle(), buffer, memory, 0), "vkBindBufferMemory");
  if ((types_.memoryTypes[type].propertyFlags & host_coherent) == host_coherent) {
    void* mapped = nullptr;
    check(vk.vkMapMemory(device_.handle(), memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
    block->mapped = static_cast<std::byte*>(mapped);
  }
  return block;
}

Allocation MemoryPool::allocate(uint64_t bytes, graph::Memory kind, const char* label) {
  const uint64_t rounded =
      round_up(std::max<uint64_t>(bytes, 1), std::max(device_.traits().storage_alignment, 64u));
  const std::lock_guard lock(mutex_);
  for (const auto& block : blocks_) {
    if (block->kind != kind) continue;
    const uint64_t offset = take(block->free, rounded);
    if (offset != UINT64_MAX) return {block.get(), offset, rounded};
  }
  blocks_.push_back(make_block(std::max(rounded, block_bytes), kind, label));
  return {blocks_.back().get(), take(blocks_.back()->free, rounded), rounded};
}

void MemoryPool::release(const Allocation& allocation) {
  const std::lock_guard lock(mutex_);
  give_back(allocation.block->free, allocation.offset, allocation.size);
  const auto& free = allocation.block->free;
  if (free.size() != 1 || free.begin()->second != allocation.block->size) return;
  std::erase_if(blocks_, [&](const auto& block) { return block.get() == allocation.block; });
}

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

VulkanBuffer& buffer_of(const graph::Slice& slice, [[maybe_unused]] const Device& device) {
  auto* buffer = dynamic_cast<VulkanBuffer*>(slice.buffer.get());
  assert(buffer != nullptr && &buffer->device() == &device);
  assert(slice.offset + slice.size <= buffer->size());
  return *buffer;
}

}  // namespace unmask::vulkan
