// Reads what a physical device says of itself into plain data.
#pragma once

#include "vulkan/api.h"
#include "vulkan/device_plan.h"

namespace unmask::vulkan {

DeviceProperties gather(VkPhysicalDevice device);

// The queue family that computes; one without graphics is preferred. Returns UINT32_MAX if there is none.
uint32_t compute_queue_family(VkPhysicalDevice device);

}  // namespace unmask::vulkan
