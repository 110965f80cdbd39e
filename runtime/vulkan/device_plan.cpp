#include "vulkan/device_plan.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace unmask::vulkan {
namespace {

using graph::DeviceClass;
using graph::Requirement;

constexpr uint32_t vulkan_1_1 = (1u << 22) | (1u << 12);

// What the base path needs, and nothing more (ARCHITECTURE.md, "No GPU is special").
constexpr uint32_t needed_storage_buffers = 8;
constexpr uint32_t needed_invocations = 128;
constexpr uint32_t needed_shared_memory = 16 << 10;
constexpr uint32_t needed_push_constants = graph::max_push_bytes;

std::string shortfall(const DeviceProperties& p, const char* what, uint64_t has, uint64_t needed) {
  return fmt::format("'{}' cannot be used: it offers {} {}, and Unmask needs {}; choose another device.",
                     p.name, has, what, needed);
}

std::string refusal(const DeviceProperties& p) {
  if (p.api_version < vulkan_1_1)
    return fmt::format(
        "'{}' cannot be used: its driver offers Vulkan {}.{}, and Unmask needs 1.1; update the driver "
        "or choose another device.",
        p.name, p.api_version >> 22, (p.api_version >> 12) & 0x3ff);
  if (!p.compute_queue)
    return fmt::format("'{}' cannot be used: it has no compute queue; choose another device.", p.name);
  if (p.storage_buffers_per_stage < needed_storage_buffers)
    return shortfall(p, "storage buffers per shader stage", p.storage_buffers_per_stage,
                     needed_storage_buffers);
  if (p.workgroup_invocations < needed_invocations)
    return shortfall(p, "invocations per workgroup", p.workgroup_invocations, needed_invocations);
  if (p.shared_memory < needed_shared_memory)
    return shortfall(p, "bytes of shared memory per workgroup", p.shared_memory, needed_shared_memory);
  if (p.push_constants < needed_push_constants)
    return shortfall(p, "bytes of push constants", p.push_constants, needed_push_constants);
  return {};
}

bool is_mobile_vendor(uint32_t vendor) {
  constexpr std::array<uint32_t, 6> mobile = {
      0x13B5,  // ARM
      0x5143,  // Qualcomm
      0x1010,  // Imagination
      0x14E4,  // Broadcom
      0x144D,  // Samsung
      0x19E5,  // Huawei
  };
  return std::find(mobile.begin(), mobile.end(), vendor) != mobile.end();
}

DeviceClass device_class(const DeviceProperties& p) {
  if (p.type == DeviceType::cpu) return DeviceClass::software;
  if (p.type == DeviceType::discrete) return DeviceClass::discrete;
  return is_mobile_vendor(p.vendor_id) ? DeviceClass::mobile : DeviceClass::integrated;
}

FeatureDecision broadcast(const DeviceProperties& p) {
  const char* feature = "subgroup broadcast";
  if (!p.subgroup_ballot_in_compute)
    return {feature, false, "the device has no ballot operations in compute shaders"};
  if (p.subgroup_size_control && p.compute_full_subgroups && p.required_subgroup_size_in_compute)
    return {feature, true,
            fmt::format("subgroups are fixed at {} invocations when a pipeline is made", p.subgroup_size)};
  if (p.min_subgroup_size != 0 && p.min_subgroup_size == p.max_subgroup_size && p.compute_full_subgroups)
    return {feature, true, fmt::format("every subgroup has {} invocations", p.subgroup_size)};
  return {feature, false,
          "the subgroup size cannot be fixed (no subgroupSizeControl with computeFullSubgroups)"};
}

FeatureDecision optional_feature(const char* feature, bool offered, const char* use) {
  return offered ? FeatureDecision{feature, true, use}
                 : FeatureDecision{feature, false, "the device does not offer it"};
}

FeatureDecision unused_feature(const char* feature, bool offered) {
  return {feature, false,
          offered ? "offered, but no kernel has a variant for it" : "the device does not offer it"};
}

std::vector<FeatureDecision> decide_features(const DeviceProperties& p) {
  return {
      broadcast(p),
      unused_feature("16-bit storage", p.storage_16bit),
      unused_feature("fp16 arithmetic", p.shader_float16),
      unused_feature("8-bit storage", p.storage_8bit),
      unused_feature("integer dot product", p.integer_dot_product),
      unused_feature("cooperative matrix", p.cooperative_matrix),
      optional_feature("timestamps", p.timestamp_bits != 0 && p.timestamp_period > 0,
                       "time per label in profiles"),
      optional_feature("memory budget", p.has_extension("VK_EXT_memory_budget"),
                       "errors say what memory is left"),
      {"pipeline cache", true, "compiled kernels are kept on disk between runs"},
  };
}

graph::Traits make_traits(const DeviceProperties& p, const DevicePlan& plan) {
  graph::Traits t;
  t.device_class = device_class(p);
  t.max_storage_range = std::min(p.max_storage_range, p.max_allocation);
  t.storage_alignment = std::max(p.storage_alignment, 16u);
  t.max_workgroup_invocations = p.workgroup_invocations;
  t.shared_memory = p.shared_memory;
  t.max_groups = *std::min_element(p.max_groups.begin(), p.max_groups.end());
  if (plan.uses("subgroup broadcast")) {
    t.requirements = static_cast<uint32_t>(Requirement::subgroup_broadcast);
    t.subgroup_size = p.subgroup_size;
  }
  return t;
}

}  // namespace

bool DeviceProperties::has_extension(const char* extension) const {
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

bool DevicePlan::uses(std::string_view feature) const {
  return std::any_of(features.begin(), features.end(),
                     [&](const FeatureDecision& d) { return d.feature == feature && d.used; });
}

DevicePlan plan_device(const DeviceProperties& properties) {
  DevicePlan plan;
  plan.refusal = refusal(properties);
  plan.features = decide_features(properties);
  plan.traits = make_traits(properties, plan);
  return plan;
}

}  // namespace unmask::vulkan
