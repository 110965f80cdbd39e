#include "vulkan/device.h"

#include "vulkan/gather.h"
#include "vulkan/replay.h"

namespace unmask::vulkan {
namespace {

// The features the plan relies on, chained for vkCreateDevice. Extensions that a newer core version includes
// are left out of the list: some drivers do not repeat them.
struct EnabledFeatures {
  VkPhysicalDeviceSubgroupSizeControlFeatures size{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
  VkPhysicalDeviceFeatures2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  std::vector<const char*> extensions;

  EnabledFeatures(const DeviceProperties& p, const DevicePlan& plan) : properties_(p) {
    if (plan.uses("subgroup broadcast") && p.subgroup_size_control) {
      size.subgroupSizeControl = size.computeFullSubgroups = VK_TRUE, chain(size);
      extension(VK_API_VERSION_1_3, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    }
    if (plan.uses("memory budget")) extensions.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  }

 private:
  template <typename T>
  void chain(T& structure) {
    structure.pNext = all.pNext;
    all.pNext = &structure;
  }
  void extension(uint32_t core_since, const char* name) {
    if (properties_.api_version < core_since) extensions.push_back(name);
  }

  const DeviceProperties& properties_;
};

VkDevice create_device(VkPhysicalDevice physical, uint32_t queue_family, const DeviceInfo& info) {
  const EnabledFeatures enabled(info.properties, info.plan);
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queue.queueFamilyIndex = queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkDeviceCreateInfo create{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
  create.pNext = &enabled.all;
  create.queueCreateInfoCount = 1;
  create.pQueueCreateInfos = &queue;
  create.enabledExtensionCount = static_cast<uint32_t>(enabled.extensions.size());
  create.ppEnabledExtensionNames = enabled.extensions.data();
  VkDevice device = VK_NULL_HANDLE;
  check(vkCreateDevice(physical, &create, nullptr, &device), "vkCreateDevice");
  return device;
}

constexpr double default_budget_seconds = 0.050;

// Far beyond what any watchdog allows; a software driver on a busy machine may need minutes.
uint64_t wait_nanoseconds(graph::DeviceClass device_class) {
  return (device_class == graph::DeviceClass::software ? 3600 : 60) * 1'000'000'000ull;
}

}  // namespace

Device::Device(VkPhysicalDevice physical, DeviceInfo info, Settings settings)
    : info_(std::move(info)),
      settings_(std::move(settings)),
      queue_family_(compute_queue_family(physical)),
      speeds_(info_.plan.traits.device_class) {
  device_ = create_device(physical, queue_family_, info_);
  volkLoadDeviceTable(&vk_, device_);
  vk_.vkGetDeviceQueue(device_, queue_family_, 0, &queue_);
  memory_ = std::make_unique<MemoryPool>(physical, *this);
  pipelines_ = std::make_unique<Pipelines>(*this);
}

Device::~Device() {
  pipelines_.reset();
  memory_.reset();
  vk_.vkDestroyDevice(device_, nullptr);
}

double Device::submit_budget() const {
  if (settings_.submit_budget_ms) return *settings_.submit_budget_ms * 1e-3;
  if (traits().device_class == graph::DeviceClass::software) return no_budget;
  return default_budget_seconds;
}

void Device::submit(std::span<const VkCommandBuffer> commands, VkFence fence) {
  if (lost_) fail_lost("vkQueueSubmit");
  const std::lock_guard lock(queue_mutex_);
  for (const VkCommandBuffer& buffer : commands) {
    VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    submit.commandBufferCount = 1;
    submit.pCommandBuffers = &buffer;
    const bool last = &buffer == &commands.back();
    const VkResult result = vk_.vkQueueSubmit(queue_, 1, &submit, last ? fence : VK_NULL_HANDLE);
    if (result == VK_ERROR_DEVICE_LOST) fail_lost("vkQueueSubmit");
    check(result, "vkQueueSubmit");
  }
}

void Device::wait(VkFence fence) {
  const VkResult result =
      vk_.vkWaitForFences(device_, 1, &fence, VK_TRUE, wait_nanoseconds(traits().device_class));
  if (lost_ || result == VK_ERROR_DEVICE_LOST || result == VK_TIMEOUT) fail_lost("vkWaitForFences");
  check(result, "vkWaitForFences");
  check(vk_.vkResetFences(device_, 1, &fence), "vkResetFences");
}

void Device::fail_lost(const char* call) {
  lost_ = true;
  fail(Status::device_lost,
       "The device '{}' was lost ({}): its driver reset it or it stopped answering; open the device again.",
       info_.name, call);
}

const DeviceInfo& info(const Device& device) { return device.info(); }

void fail_nth_allocation(Device& device, uint64_t n) { device.memory().fail_nth(n); }

void lose_device(Device& device) { device.lose(); }

}  // namespace unmask::vulkan
