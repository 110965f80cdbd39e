// Vulkan through volk: no prototypes, so nothing here links to the loader. Only vulkan/*.cpp include this.
#pragma once

#define VK_NO_PROTOTYPES
#include <volk.h>

#include "base/error.h"

namespace unmask::vulkan {

// Turns a failed result into an Error that names the call and says what to do.
[[noreturn]] void fail_result(VkResult result, const char* call);

inline void check(VkResult result, const char* call) {
  if (result < 0) fail_result(result, call);
}

}  // namespace unmask::vulkan
