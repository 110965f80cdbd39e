// Decides, from the recorded properties of a device alone, what Unmask relies on. Pure: no Vulkan call is
// made, so the decisions for devices that nobody here owns are tested from recorded property sets.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "graph/backend.h"

namespace unmask::vulkan {

// VkPhysicalDeviceType, same values.
enum class DeviceType : uint32_t { other = 0, integrated = 1, discrete = 2, virtual_gpu = 3, cpu = 4 };

struct MemoryHeap {
  uint64_t bytes = 0;
  bool device_local = false;
};

// What a Vulkan device says of itself, as plain data (gather.cpp fills it).
struct DeviceProperties {
  std::string name;
  DeviceType type = DeviceType::other;
  uint32_t api_version = 0;  // packed like VK_MAKE_API_VERSION
  uint32_t vendor_id = 0, device_id = 0, driver_version = 0;
  std::string driver_name, driver_info;  // of VK_KHR_driver_properties; empty if not offered
  std::array<uint8_t, 16> uuid{}, pipeline_cache_uuid{};
  std::vector<std::string> extensions;
  std::vector<MemoryHeap> heaps;

  bool compute_queue = false;
  uint32_t timestamp_bits = 0;  // of the compute queue
  float timestamp_period = 0;   // nanoseconds per tick

  uint64_t max_storage_range = 0;  // bytes
  uint64_t max_allocation = 0;     // bytes of one VkDeviceMemory
  uint32_t max_memory_allocations = 0;
  uint32_t storage_alignment = 0;  // of a storage buffer's offset, in bytes
  uint32_t storage_buffers_per_stage = 0;
  uint32_t push_constants = 0;  // bytes
  uint32_t shared_memory = 0;   // bytes per workgroup
  uint32_t workgroup_invocations = 0;
  std::array<uint32_t, 3> max_groups{};

  uint32_t subgroup_size = 0, min_subgroup_size = 0, max_subgroup_size = 0;  // min, max: 0 if not offered
  bool subgroup_ballot_in_compute = false;  // broadcast belongs to the ballot operations
  bool subgroup_size_control = false, compute_full_subgroups = false;
  bool required_subgroup_size_in_compute = false;

  bool shader_float16 = false;
  bool storage_16bit = false, storage_8bit = false;
  bool integer_dot_product = false;
  bool cooperative_matrix = false;

  bool has_extension(const char* extension) const;
};

// One line of `unmask devices`: what is used or not, and why.
struct FeatureDecision {
  std::string feature;
  bool used = false;
  std::string reason;
};

struct DevicePlan {
  std::string refusal;  // a sentence if the device cannot be used, else empty
  graph::Traits traits;
  std::vector<FeatureDecision> features;

  bool uses(std::string_view feature) const;
};

DevicePlan plan_device(const DeviceProperties& properties);

}  // namespace unmask::vulkan
