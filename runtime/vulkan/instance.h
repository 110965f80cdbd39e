// The process's one VkInstance, made on first use.
#pragma once

#include <cstdint>
#include <vector>

#include "vulkan/api.h"

namespace unmask::vulkan {

// Thread-safe. Throws unsupported, with what to install, if there is no Vulkan loader.
VkInstance instance();

std::vector<VkPhysicalDevice> physical_devices();

}  // namespace unmask::vulkan
