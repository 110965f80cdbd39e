// Devices of the C ABI.
#include "base/dtype.h"
#include "capi/objects.h"
#include "tensor/matmul_bench.h"

using namespace unmask;
using namespace unmask::capi;

namespace {

const vulkan::DeviceInfo* entry(const unmask_device_list* list, int32_t index) {
  const bool there = list != nullptr && index >= 0 && static_cast<size_t>(index) < list->devices.size();
  return there ? &list->devices[static_cast<size_t>(index)] : nullptr;
}

const vulkan::FeatureDecision* feature_of(const unmask_device_list* list, int32_t index, int32_t feature) {
  const vulkan::DeviceInfo* info = entry(list, index);
  const bool there = info && feature >= 0 && static_cast<size_t>(feature) < info->plan.features.size();
  return there ? &info->plan.features[static_cast<size_t>(feature)] : nullptr;
}

const char* type_name(vulkan::DeviceType type) {
  switch (type) {
    case vulkan::DeviceType::integrated:
      return "integrated";
    case vulkan::DeviceType::discrete:
      return "discrete";
    case vulkan::DeviceType::virtual_gpu:
      return "virtual";
    case vulkan::DeviceType::cpu:
      return "cpu";
    case vulkan::DeviceType::other:
      break;
  }
  return "other";
}

}  // namespace

unmask_device_list* unmask_device_list_create(void) {
  return guard_value<unmask_device_list*>(nullptr,
                                          [] { return new unmask_device_list{vulkan::list_devices()}; });
}

void unmask_device_list_destroy(unmask_device_list* list) { delete list; }

int32_t unmask_device_list_size(const unmask_device_list* list) {
  return list ? static_cast<int32_t>(list->devices.size()) : 0;
}

const char* unmask_device_list_name(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? entry(list, index)->name.c_str() : "";
}
const char* unmask_device_list_uuid(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? entry(list, index)->uuid.c_str() : "";
}
const char* unmask_device_list_type(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? type_name(entry(list, index)->properties.type) : "";
}
const char* unmask_device_list_driver(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? entry(list, index)->driver.c_str() : "";
}
int64_t unmask_device_list_memory(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? static_cast<int64_t>(entry(list, index)->memory) : 0;
}
const char* unmask_device_list_refusal(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? entry(list, index)->plan.refusal.c_str() : "";
}

int32_t unmask_device_list_feature_count(const unmask_device_list* list, int32_t index) {
  return entry(list, index) ? static_cast<int32_t>(entry(list, index)->plan.features.size()) : 0;
}
const char* unmask_device_list_feature_name(const unmask_device_list* list, int32_t index, int32_t feature) {
  const auto* f = feature_of(list, index, feature);
  return f ? f->feature.c_str() : "";
}
int32_t unmask_device_list_feature_used(const unmask_device_list* list, int32_t index, int32_t feature) {
  const auto* f = feature_of(list, index, feature);
  return f && f->used ? 1 : 0;
}
const char* unmask_device_list_feature_reason(const unmask_device_list* list, int32_t index,
                                              int32_t feature) {
  const auto* f = feature_of(list, index, feature);
  return f ? f->reason.c_str() : "";
}

unmask_device* unmask_device_open(const char* which) {
  return guard_value<unmask_device*>(
      nullptr, [&] { return new unmask_device{vulkan::open_device(which ? which : "")}; });
}

void unmask_device_destroy(unmask_device* device) { delete device; }

const char* unmask_device_name(const unmask_device* device) {
  return device ? vulkan::info(*device->device).name.c_str() : "";
}
const char* unmask_device_driver(const unmask_device* device) {
  return device ? vulkan::info(*device->device).driver.c_str() : "";
}

unmask_status unmask_device_measure_matmul(unmask_device* device, int32_t rows, int32_t outputs,
                                           int32_t inputs, const char* dtype, int32_t repeats, double* gflops,
                                           double* textbook_gflops) {
  return guard([&] {
    deref(device, "device");
    require(gflops != nullptr && textbook_gflops != nullptr, Status::invalid_argument,
            "A result pointer is NULL.");
    const bool sensible = rows > 0 && outputs > 0 && inputs > 0 && repeats > 0 && rows <= 1 << 16 &&
                          outputs <= 1 << 20 && inputs <= 1 << 16;
    require(sensible, Status::invalid_argument, "The matmul's sizes must be positive and sensible.");
    const auto backend = vulkan::make_backend(device->device);
    const tensor::MatmulTiming timing = tensor::time_matmul(
        *backend, static_cast<uint32_t>(rows), static_cast<uint32_t>(outputs), static_cast<uint32_t>(inputs),
        parse_weight_type(text_of(dtype, "data type")), static_cast<uint32_t>(repeats));
    *gflops = timing.chosen_gflops();
    *textbook_gflops = timing.textbook_gflops();
  });
}
