#include "vulkan/gather.h"

#include <algorithm>

namespace unmask::vulkan {
namespace {

std::vector<VkQueueFamilyProperties> queue_families(VkPhysicalDevice device) {
  uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  return families;
}

std::vector<std::string> extension_names(VkPhysicalDevice device) {
  uint32_t count = 0;
  check(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr),
        "vkEnumerateDeviceExtensionProperties");
  std::vector<VkExtensionProperties> extensions(count);
  check(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data()),
        "vkEnumerateDeviceExtensionProperties");
  std::vector<std::string> names;
  names.reserve(count);
  for (const VkExtensionProperties& e : extensions) names.emplace_back(e.extensionName);
  std::sort(names.begin(), names.end());
  return names;
}

void gather_limits(const VkPhysicalDeviceProperties& from, DeviceProperties& to) {
  to.name = from.deviceName;
  to.type = static_cast<DeviceType>(from.deviceType);
  to.api_version = from.apiVersion;
  to.vendor_id = from.vendorID;
  to.device_id = from.deviceID;
  to.driver_version = from.driverVersion;
  std::copy(std::begin(from.pipelineCacheUUID), std::end(from.pipelineCacheUUID),
            to.pipeline_cache_uuid.begin());
  const VkPhysicalDeviceLimits& limits = from.limits;
  to.timestamp_period = limits.timestampPeriod;
  to.max_storage_range = limits.maxStorageBufferRange;
  to.storage_alignment = static_cast<uint32_t>(limits.minStorageBufferOffsetAlignment);
  to.storage_buffers_per_stage = limits.maxPerStageDescriptorStorageBuffers;
  to.push_constants = limits.maxPushConstantsSize;
  to.shared_memory = limits.maxComputeSharedMemorySize;
  to.workgroup_invocations = limits.maxComputeWorkGroupInvocations;
  to.max_memory_allocations = limits.maxMemoryAllocationCount;
  std::copy(std::begin(limits.maxComputeWorkGroupCount), std::end(limits.maxComputeWorkGroupCount),
            to.max_groups.begin());
}

// Structures of extensions may be chained only where the device knows them.
class Chain {
 public:
  template <typename T>
  void add(T& structure) {
    structure.pNext = head_;
    head_ = &structure;
  }
  void* head() const { return head_; }

 private:
  void* head_ = nullptr;
};

bool offers(const DeviceProperties& p, uint32_t version, const char* extension) {
  return p.api_version >= version || p.has_extension(extension);
}

void gather_extended_properties(VkPhysicalDevice device, DeviceProperties& p) {
  VkPhysicalDeviceIDProperties id{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
  VkPhysicalDeviceMaintenance3Properties allocation{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
  VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
  VkPhysicalDeviceSubgroupSizeControlProperties size{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
  Chain chain;
  chain.add(id), chain.add(subgroup), chain.add(allocation);
  if (offers(p, VK_API_VERSION_1_2, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME)) chain.add(driver);
  if (offers(p, VK_API_VERSION_1_3, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) chain.add(size);
  VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, chain.head(), {}};
  vkGetPhysicalDeviceProperties2(device, &all);

  std::copy(std::begin(id.deviceUUID), std::end(id.deviceUUID), p.uuid.begin());
  p.max_allocation = allocation.maxMemoryAllocationSize;
  p.driver_name = driver.driverName;
  p.driver_info = driver.driverInfo;
  p.subgroup_size = subgroup.subgroupSize;
  p.subgroup_ballot_in_compute = (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
                                 (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_BALLOT_BIT) != 0;
  p.min_subgroup_size = size.minSubgroupSize;
  p.max_subgroup_size = size.maxSubgroupSize;
  p.required_subgroup_size_in_compute = (size.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
}

void gather_features(VkPhysicalDevice device, DeviceProperties& p) {
  VkPhysicalDevice16BitStorageFeatures storage16{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
  VkPhysicalDevice8BitStorageFeatures storage8{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
  VkPhysicalDeviceShaderFloat16Int8Features arithmetic{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
  VkPhysicalDeviceShaderIntegerDotProductFeatures dot{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
  VkPhysicalDeviceSubgroupSizeControlFeatures size{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
  Chain chain;
  chain.add(storage16);
  if (offers(p, VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME)) chain.add(storage8);
  if (offers(p, VK_API_VERSION_1_2, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME)) chain.add(arithmetic);
  if (offers(p, VK_API_VERSION_1_3, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) chain.add(dot);
  if (offers(p, VK_API_VERSION_1_3, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) chain.add(size);
  VkPhysicalDeviceFeatures2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, chain.head(), {}};
  vkGetPhysicalDeviceFeatures2(device, &all);

  p.storage_16bit = storage16.storageBuffer16BitAccess;
  p.storage_8bit = storage8.storageBuffer8BitAccess;
  p.shader_float16 = arithmetic.shaderFloat16;
  p.integer_dot_product = dot.shaderIntegerDotProduct;
  p.subgroup_size_control = size.subgroupSizeControl;
  p.compute_full_subgroups = size.computeFullSubgroups;
  p.cooperative_matrix = p.has_extension("VK_KHR_cooperative_matrix");
}

void gather_heaps(VkPhysicalDevice device, DeviceProperties& p) {
  VkPhysicalDeviceMemoryProperties memory;
  vkGetPhysicalDeviceMemoryProperties(device, &memory);
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    const VkMemoryHeap& heap = memory.memoryHeaps[i];
    p.heaps.push_back({heap.size, (heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0});
  }
}

}  // namespace

uint32_t compute_queue_family(VkPhysicalDevice device) {
  const std::vector<VkQueueFamilyProperties> families = queue_families(device);
  uint32_t found = UINT32_MAX;
  for (uint32_t i = 0; i < families.size(); ++i) {
    if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0) continue;
    if ((families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0) return i;
    if (found == UINT32_MAX) found = i;
  }
  return found;
}

DeviceProperties gather(VkPhysicalDevice device) {
  DeviceProperties p;
  VkPhysicalDeviceProperties base;
  vkGetPhysicalDeviceProperties(device, &base);
  gather_limits(base, p);
  gather_heaps(device, p);
  p.extensions = extension_names(device);
  const uint32_t family = compute_queue_family(device);
  p.compute_queue = family != UINT32_MAX;
  if (p.compute_queue) p.timestamp_bits = queue_families(device)[family].timestampValidBits;
  if (p.api_version >= VK_API_VERSION_1_1) {
    gather_extended_properties(device, p);
    gather_features(device, p);
  }
  return p;
}

}  // namespace unmask::vulkan
