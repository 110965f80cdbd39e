#include "vulkan/instance.h"

#include <optional>

#include "vulkan/validation.h"

namespace unmask::vulkan {
namespace {

VkInstance create_instance() {
  require(volkInitialize() == VK_SUCCESS, Status::unsupported,
          "No Vulkan loader (libvulkan.so.1) was found: install it with a driver (on Debian and Ubuntu: "
          "'apt install libvulkan1 mesa-vulkan-drivers'), or update the graphics driver.");
  VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pApplicationName = "Unmask";
  application.apiVersion = VK_API_VERSION_1_3;
  VkInstanceCreateInfo create{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  create.pApplicationInfo = &application;
  std::optional<ValidationSetup> validation;
  if (validation_wanted()) validation.emplace().apply(create);
  VkInstance made = VK_NULL_HANDLE;
  check(vkCreateInstance(&create, nullptr, &made), "vkCreateInstance");
  volkLoadInstanceOnly(made);
  if (validation) watch_validation(made);
  return made;
}

}  // namespace

// Never destroyed: drivers do not survive being unloaded while other threads of the host still run.
VkInstance instance() {
  static const VkInstance shared = create_instance();
  return shared;
}

std::vector<VkPhysicalDevice> physical_devices() {
  const VkInstance from = instance();  // before the calls: it is what loads their function pointers
  uint32_t count = 0;
  check(vkEnumeratePhysicalDevices(from, &count, nullptr), "vkEnumeratePhysicalDevices");
  std::vector<VkPhysicalDevice> devices(count);
  check(vkEnumeratePhysicalDevices(from, &count, devices.data()), "vkEnumeratePhysicalDevices");
  devices.resize(count);
  return devices;
}

}  // namespace unmask::vulkan
