// The Khronos validation layer with synchronisation checks, switched on by UNMASK_VALIDATION=1.
#pragma once

#include "vulkan/api.h"

namespace unmask::vulkan {

bool validation_wanted();

// What to chain and name when the instance is made. Throws not_found if the layer is not installed.
class ValidationSetup {
 public:
  ValidationSetup();
  void apply(VkInstanceCreateInfo& create) const;

 private:
  VkValidationFeaturesEXT features_{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
};

// Sends what the layer says to the log and counts it, for as long as the process lives.
void watch_validation(VkInstance instance);

}  // namespace unmask::vulkan
