#include "vulkan/pipeline_cache.h"

#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"

namespace unmask::vulkan {
namespace {

struct Header {
  std::array<char, 8> magic{'U', 'N', 'M', 'A', 'S', 'K', 'P', '1'};
  uint32_t vendor = 0, device = 0, driver_version = 0, reserved = 0;
  std::array<uint8_t, 16> uuid{};
  uint64_t bytes = 0;
  uint64_t checksum = 0;  // of the data
};
static_assert(sizeof(Header) == 56);

Header header_of(const DeviceProperties& d) {
  Header h;
  h.vendor = d.vendor_id, h.device = d.device_id, h.driver_version = d.driver_version;
  h.uuid = d.pipeline_cache_uuid;
  return h;
}

// FNV-1a: finds accidents, which is all that is asked of it.
uint64_t checksum(std::span<const std::byte> data) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const std::byte b : data) hash = (hash ^ static_cast<uint64_t>(b)) * 0x100000001b3ull;
  return hash;
}

bool write_file(const std::filesystem::path& path, std::span<const std::byte> content) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  file.close();
  return file.good();
}

}  // namespace

std::string pipeline_cache_path(const std::string& folder, const DeviceProperties& d) {
  std::string name = fmt::format("{:08x}-{:08x}-{:08x}-", d.vendor_id, d.device_id, d.driver_version);
  for (const uint8_t b : d.pipeline_cache_uuid) name += fmt::format("{:02x}", b);
  return folder + "/" + name + ".pipelines";
}

std::vector<std::byte> encode_pipeline_cache(const DeviceProperties& device,
                                             std::span<const std::byte> data) {
  Header header = header_of(device);
  header.bytes = data.size();
  header.checksum = checksum(data);
  std::vector<std::byte> file(sizeof(header) + data.size());
  std::memcpy(file.data(), &header, sizeof(header));
  std::copy(data.begin(), data.end(), file.begin() + sizeof(header));
  return file;
}

std::optional<std::vector<std::byte>> decode_pipeline_cache(const DeviceProperties& device,
                                                            std::span<const std::byte> file) {
  if (file.size() < sizeof(Header)) return std::nullopt;
  const std::span<const std::byte> data = file.subspan(sizeof(Header));
  Header expected = header_of(device);
  expected.bytes = data.size();
  expected.checksum = checksum(data);
  if (std::memcmp(file.data(), &expected, sizeof(expected)) != 0) return std::nullopt;
  return std::vector<std::byte>(data.begin(), data.end());
}

std::optional<std::vector<std::byte>> load_pipeline_cache(const std::string& folder,
                                                          const DeviceProperties& device) {
  std::ifstream file(pipeline_cache_path(folder, device), std::ios::binary);
  if (!file) return std::nullopt;
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  return decode_pipeline_cache(device, std::as_bytes(std::span(content)));
}

void save_pipeline_cache(const std::string& folder, const DeviceProperties& device,
                         std::span<const std::byte> data) {
  const std::filesystem::path path = pipeline_cache_path(folder, device);
  const std::filesystem::path partial = fmt::format("{}.{}.partial", path.string(), getpid());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (write_file(partial, encode_pipeline_cache(device, data))) {
    std::filesystem::rename(partial, path, error);
    if (!error) return;
  }
  std::filesystem::remove(partial, error);
  log(LogLevel::warning,
      fmt::format("Compiled pipelines could not be kept in '{}'; set UNMASK_CACHE_DIR to a folder "
                  "that can be written, or to nothing.",
                  folder));
}

}  // namespace unmask::vulkan
