#include "vulkan/api.h"

namespace unmask::vulkan {

void fail_result(VkResult result, const char* call) {
  switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      fail(Status::out_of_memory, "{} ran out of host memory; close other programs or use a smaller model.",
           call);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      fail(Status::out_of_memory, "{} ran out of device memory; use a smaller model or another device.",
           call);
    case VK_ERROR_DEVICE_LOST:
      fail(Status::device_lost, "{} found that the driver has reset the device; open the device again.",
           call);
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      fail(Status::unsupported,
           "{} found no Vulkan driver for this machine; install one (on Debian: mesa-vulkan-drivers).", call);
    default:
      fail(Status::internal,
           "{} failed with VkResult {}; please report this with the driver's name and version.", call,
           static_cast<int>(result));
  }
}

}  // namespace unmask::vulkan
