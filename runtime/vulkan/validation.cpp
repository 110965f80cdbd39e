#include "vulkan/validation.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/log.h"
#include "vulkan/devices.h"

namespace unmask::vulkan {
namespace {

constexpr const char* layer = "VK_LAYER_KHRONOS_validation";
constexpr const char* messenger_extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
constexpr VkValidationFeatureEnableEXT synchronization =
    VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;

std::atomic<uint64_t> messages = 0;

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                          VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void*) {
  ++messages;
  const bool error = severity >= VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  log(error ? LogLevel::error : LogLevel::warning, data->pMessage);
  return VK_FALSE;
}

bool layer_installed() {
  uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vkEnumerateInstanceLayerProperties(&count, layers.data());
  return std::any_of(layers.begin(), layers.end(),
                     [](const VkLayerProperties& l) { return std::strcmp(l.layerName, layer) == 0; });
}

// Hazards between submissions are found only with this, which layers of 2022 and 2023 take from the
// environment.
void enable_queue_submit_checks() {
  const char* before = std::getenv("VK_LAYER_ENABLES");
  std::string enables = before == nullptr ? "" : std::string(before) + ":";
  enables += "VALIDATION_CHECK_ENABLE_SYNCHRONIZATION_VALIDATION_QUEUE_SUBMIT";
  setenv("VK_LAYER_ENABLES", enables.c_str(), 1);
}

}  // namespace

bool validation_wanted() {
  const char* value = std::getenv("UNMASK_VALIDATION");
  return value != nullptr && std::strcmp(value, "1") == 0;
}

uint64_t validation_messages() { return messages; }

ValidationSetup::ValidationSetup() {
  require(layer_installed(), Status::not_found,
          "UNMASK_VALIDATION=1 needs {}, which is not installed: install it (on Debian: "
          "vulkan-validationlayers) or unset UNMASK_VALIDATION.",
          layer);
  enable_queue_submit_checks();
  features_.enabledValidationFeatureCount = 1;
  features_.pEnabledValidationFeatures = &synchronization;
}

void ValidationSetup::apply(VkInstanceCreateInfo& create) const {
  create.pNext = &features_;
  create.enabledLayerCount = 1;
  create.ppEnabledLayerNames = &layer;
  create.enabledExtensionCount = 1;
  create.ppEnabledExtensionNames = &messenger_extension;
}

void watch_validation(VkInstance instance) {
  VkDebugUtilsMessengerCreateInfoEXT create{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  create.messageSeverity =
      VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  create.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  create.pfnUserCallback = on_message;
  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
  check(vkCreateDebugUtilsMessengerEXT(instance, &create, nullptr, &messenger),
        "vkCreateDebugUtilsMessengerEXT");
}

}  // namespace unmask::vulkan
