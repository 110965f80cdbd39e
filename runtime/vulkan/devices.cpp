#include "vulkan/devices.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "vulkan/device.h"
#include "vulkan/gather.h"
#include "vulkan/instance.h"

namespace unmask::vulkan {
namespace {

// Mesa and NVIDIA write their version into driver_info; others only into the number, mostly packed as Vulkan
// packs.
std::string driver_text(const DeviceProperties& p) {
  const uint32_t v = p.driver_version;
  const std::string version =
      p.driver_info.empty() ? fmt::format("{}.{}.{}", v >> 22, (v >> 12) & 0x3ff, v & 0xfff) : p.driver_info;
  return (p.driver_name.empty() ? "driver" : p.driver_name) + " " + version;
}

std::string hexadecimal(const std::array<uint8_t, 16>& bytes) {
  std::string text;
  for (const uint8_t b : bytes) text += fmt::format("{:02x}", b);
  return text;
}

DeviceInfo describe(uint32_t index, DeviceProperties properties) {
  DeviceInfo info;
  info.index = index;
  info.name = properties.name;
  info.uuid = hexadecimal(properties.uuid);
  info.driver = driver_text(properties);
  for (const MemoryHeap& heap : properties.heaps)
    if (heap.device_local) info.memory = std::max(info.memory, heap.bytes);
  info.plan = plan_device(properties);
  info.properties = std::move(properties);
  return info;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::optional<uint32_t> parse_index(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Larger is better; refused devices come last.
int rank(const DeviceInfo& d) {
  if (!d.plan.refusal.empty()) return -1;
  return static_cast<int>(d.plan.traits.device_class);
}

const DeviceInfo& best(const std::vector<DeviceInfo>& devices) {
  return *std::max_element(devices.begin(), devices.end(),
                           [](const DeviceInfo& a, const DeviceInfo& b) { return rank(a) < rank(b); });
}

}  // namespace

const DeviceInfo& choose_device(const std::vector<DeviceInfo>& devices, std::string_view selector) {
  require(!devices.empty(), Status::not_found,
          "No Vulkan device was found: install a driver (on Debian and Ubuntu: 'apt install "
          "mesa-vulkan-drivers').");
  if (selector.empty()) return best(devices);
  if (const std::optional<uint32_t> index = parse_index(selector)) {
    require(*index < devices.size(), Status::not_found,
            "There is no device {}: this machine has {}; 'unmask devices' lists them.", *index,
            devices.size());
    return devices[*index];
  }
  const std::string wanted = lower_case(selector);
  for (const DeviceInfo& d : devices)
    if (d.uuid == wanted || lower_case(d.name).find(wanted) != std::string::npos) return d;
  fail(Status::not_found, "No device has a name with '{}' or that UUID; 'unmask devices' lists them.",
       selector);
}

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices;
  for (const VkPhysicalDevice physical : physical_devices())
    devices.push_back(describe(static_cast<uint32_t>(devices.size()), gather(physical)));
  return devices;
}

std::shared_ptr<Device> open_device(std::string_view selector, Settings settings) {
  const char* environment = std::getenv("UNMASK_DEVICE");
  if (selector.empty() && environment != nullptr) selector = environment;
  DeviceInfo chosen = choose_device(list_devices(), selector);
  require(chosen.plan.refusal.empty(), Status::unsupported, "{}", chosen.plan.refusal);
  const VkPhysicalDevice physical = physical_devices().at(chosen.index);
  return std::make_shared<Device>(physical, std::move(chosen), std::move(settings));
}

}  // namespace unmask::vulkan
