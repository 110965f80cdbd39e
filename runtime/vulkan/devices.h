// The door to Vulkan for the layers above: list the devices, open one, make backends. No Vulkan header is
// needed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "graph/backend.h"
#include "vulkan/device_plan.h"
#include "vulkan/settings.h"

namespace unmask::vulkan {

// An open device: thread-safe, shared by the backends (one per thread) and buffers made from it.
class Device;

struct DeviceInfo {
  uint32_t index = 0;  // in the order of the Vulkan loader
  std::string name;
  std::string uuid;     // 32 hexadecimal digits
  std::string driver;   // name and version as the driver writes them
  uint64_t memory = 0;  // bytes of its largest device-local heap
  DeviceProperties properties;
  DevicePlan plan;
};

// All devices of this machine, those that must be refused included. Throws unsupported if there is no Vulkan
// loader.
std::vector<DeviceInfo> list_devices();

// The device that a selector means (see open_device), of a list that list_devices made. Pure.
const DeviceInfo& choose_device(const std::vector<DeviceInfo>& devices, std::string_view selector);

// Opens a device by index, UUID, or part of its name in any case. An empty selector takes the environment
// variable UNMASK_DEVICE, else the best device: discrete before integrated before software. Thread-safe.
std::shared_ptr<Device> open_device(std::string_view selector = {},
                                    Settings settings = Settings::from_environment());

const DeviceInfo& info(const Device& device);

// A backend for one thread. Buffers of any backend of a device serve all its backends; they keep the device
// open.
std::unique_ptr<graph::Backend> make_backend(std::shared_ptr<Device> device);

// What the validation layers have said since the process began (UNMASK_VALIDATION=1; the text goes to the
// log). Thread-safe.
uint64_t validation_messages();

// Fault injection for tests. The n-th allocation from now on (1: the next) fails as if the device were full;
// 0: none.
void fail_nth_allocation(Device& device, uint64_t n);
// From now on every use of the device behaves as if its driver had reset it.
void lose_device(Device& device);

}  // namespace unmask::vulkan
