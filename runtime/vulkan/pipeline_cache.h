// The driver's compiled pipelines on disk. A file is only ever used on the device and driver that wrote it;
// anything else in its place is ignored and overwritten.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vulkan/device_plan.h"

namespace unmask::vulkan {

// The file of a device in `folder`: its name holds vendor, device, driver version and pipelineCacheUUID.
std::string pipeline_cache_path(const std::string& folder, const DeviceProperties& device);

// The file's content around the driver's data: a header with the same identity, the length and a checksum.
std::vector<std::byte> encode_pipeline_cache(const DeviceProperties& device, std::span<const std::byte> data);
// The driver's data, or nothing if the file is damaged or another device's.
std::optional<std::vector<std::byte>> decode_pipeline_cache(const DeviceProperties& device,
                                                            std::span<const std::byte> file);

// Nothing if there is no usable file.
std::optional<std::vector<std::byte>> load_pipeline_cache(const std::string& folder,
                                                          const DeviceProperties& device);
// Replaces the file at once, so that no reader sees half of it. A failure is logged: the cache is a
// convenience.
void save_pipeline_cache(const std::string& folder, const DeviceProperties& device,
                         std::span<const std::byte> data);

}  // namespace unmask::vulkan
