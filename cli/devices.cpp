// unmask devices: what there is, and what Unmask would use of it.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "handles.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

Json features_of(const unmask_device_list* list, int32_t index) {
  Json features = Json::array();
  for (int32_t f = 0; f < unmask_device_list_feature_count(list, index); ++f) {
    features.push_back({{"name", unmask_device_list_feature_name(list, index, f)},
                        {"used", unmask_device_list_feature_used(list, index, f) != 0},
                        {"reason", unmask_device_list_feature_reason(list, index, f)}});
  }
  return features;
}

Json describe(const unmask_device_list* list, int32_t index) {
  return {{"index", index},
          {"name", unmask_device_list_name(list, index)},
          {"uuid", unmask_device_list_uuid(list, index)},
          {"type", unmask_device_list_type(list, index)},
          {"memory", unmask_device_list_memory(list, index)},
          {"driver", unmask_device_list_driver(list, index)},
          {"usable", *unmask_device_list_refusal(list, index) == '\0'},
          {"refusal", unmask_device_list_refusal(list, index)},
          {"features", features_of(list, index)}};
}

void print(const Json& device) {
  fmt::print("{}: {}\n", device["index"].get<int32_t>(), device["name"].get<std::string>());
  fmt::print("   type    {}\n", device["type"].get<std::string>());
  fmt::print("   memory  {:.1f} GiB\n", device["memory"].get<double>() / (1 << 30));
  fmt::print("   driver  {}\n", device["driver"].get<std::string>());
  fmt::print("   UUID    {}\n", device["uuid"].get<std::string>());
  if (!device["usable"]) fmt::print("   cannot be used: {}\n", device["refusal"].get<std::string>());
  for (const Json& feature : device["features"]) {
    fmt::print("   {:<8}  {}: {}\n", feature["used"] ? "used" : "not used",
               feature["name"].get<std::string>(), feature["reason"].get<std::string>());
  }
}

void list_devices(bool json) {
  const DeviceList list(check(unmask_device_list_create()));
  const int32_t count = unmask_device_list_size(list.get());
  Json devices = Json::array();
  for (int32_t i = 0; i < count; ++i) devices.push_back(describe(list.get(), i));
  if (json) {
    fmt::print("{}\n", Json{{"devices", devices}}.dump(2, ' ', false, Json::error_handler_t::replace));
    return;
  }
  if (count == 0)
    throw Failure("There is no Vulkan device; install a driver (Mesa's lavapipe runs on any CPU).");
  for (const Json& device : devices) print(device);
}

}  // namespace

void add_devices(CLI::App& program) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = program.add_subcommand(
      "devices", "List the Vulkan devices, and what of each is used or not, with the reason.");
  command->add_flag("--json", *json, "Print one object with an array \"devices\"; memory in bytes.");
  command->callback([json] { list_devices(*json); });
}

}  // namespace cli
