// Recorded property sets: DeviceProperties as JSON, one file per device in tests/shared/devices. A field that
// is left out keeps its default.
#pragma once

#include <nlohmann/json.hpp>

#include "vulkan/device_plan.h"

namespace unmask::vulkan {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(MemoryHeap, bytes, device_local)

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(
    DeviceProperties, name, type, api_version, vendor_id, device_id, driver_version, driver_name, driver_info,
    uuid, pipeline_cache_uuid, extensions, heaps, compute_queue, timestamp_bits, timestamp_period,
    max_storage_range, max_allocation, max_memory_allocations, storage_alignment, storage_buffers_per_stage,
    push_constants, shared_memory, workgroup_invocations, max_groups, subgroup_size, min_subgroup_size,
    max_subgroup_size, subgroup_ballot_in_compute, subgroup_size_control, compute_full_subgroups,
    required_subgroup_size_in_compute, shader_float16, storage_16bit, storage_8bit, integer_dot_product,
    cooperative_matrix)

}  // namespace unmask::vulkan
