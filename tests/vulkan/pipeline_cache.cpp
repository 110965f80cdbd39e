// The pipeline cache file: what is accepted, and that a wrong or unwritable place costs nothing but the
// cache.
#include "vulkan/pipeline_cache.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "vulkan/fixture.h"

namespace unmask::vulkan {
namespace {

using Bytes = std::vector<std::byte>;

DeviceProperties some_device() {
  DeviceProperties p;
  p.vendor_id = 0x1002, p.device_id = 0x73, p.driver_version = 7;
  p.pipeline_cache_uuid[3] = 42;
  return p;
}

Bytes some_data() {
  Bytes data(1001);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(i * 7);
  return data;
}

class CacheFolder : public testing::Test {
 protected:
  CacheFolder() : folder_(testing::TempDir() + "unmask_pipelines") { std::filesystem::remove_all(folder_); }
  ~CacheFolder() override {
    std::filesystem::remove_all(folder_);
    set_log_sink({});
  }
  const std::string folder_;
};

TEST(PipelineCacheFile, ComesBackWhole) {
  EXPECT_EQ(decode_pipeline_cache(some_device(), encode_pipeline_cache(some_device(), some_data())),
            some_data());
}

TEST(PipelineCacheFile, IsIgnoredWhenTruncated) {
  const Bytes file = encode_pipeline_cache(some_device(), some_data());
  for (size_t length = 0; length < file.size(); length += 13)
    EXPECT_FALSE(decode_pipeline_cache(some_device(), std::span(file).first(length))) << length;
}

TEST(PipelineCacheFile, IsIgnoredWhenAByteIsFlippedAnywhere) {
  Bytes file = encode_pipeline_cache(some_device(), some_data());
  for (size_t i = 0; i < file.size(); ++i) {
    file[i] ^= std::byte{0x10};
    EXPECT_FALSE(decode_pipeline_cache(some_device(), file)) << i;
    file[i] ^= std::byte{0x10};
  }
}

TEST(PipelineCacheFile, IsIgnoredOnAnotherDeviceOrDriver) {
  const Bytes file = encode_pipeline_cache(some_device(), some_data());
  const auto accepted = [&](auto change) {
    DeviceProperties p = some_device();
    change(p);
    EXPECT_NE(pipeline_cache_path("f", p), pipeline_cache_path("f", some_device()));
    return decode_pipeline_cache(p, file).has_value();
  };
  EXPECT_FALSE(accepted([](auto& p) { p.vendor_id++; }));
  EXPECT_FALSE(accepted([](auto& p) { p.device_id++; }));
  EXPECT_FALSE(accepted([](auto& p) { p.driver_version++; }));
  EXPECT_FALSE(accepted([](auto& p) { p.pipeline_cache_uuid[15]++; }));
}

TEST_F(CacheFolder, IsMadeAndLeavesNoPartialFile) {
  EXPECT_FALSE(load_pipeline_cache(folder_, some_device()));
  save_pipeline_cache(folder_, some_device(), some_data());
  EXPECT_EQ(load_pipeline_cache(folder_, some_device()), some_data());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(CacheFolder, ThatCannotBeWrittenIsAWarning) {
  std::ofstream(folder_) << "a file where the folder should be";
  std::string warning;
  set_log_sink([&](LogLevel level, std::string_view text) {
    EXPECT_EQ(level, LogLevel::warning);
    warning = text;
  });
  save_pipeline_cache(folder_, some_device(), some_data());
  EXPECT_THAT(warning, testing::HasSubstr("UNMASK_CACHE_DIR"));
}

TEST_F(CacheFolder, IsWrittenWhenADeviceClosesAndRepairedWhenDamaged) {
  Settings settings;
  settings.cache_folder = folder_;
  const auto run_once = [&] {
    const auto device = open_device({}, settings);
    const auto backend = make_backend(device);
    const auto y = whole(backend->allocate(400, graph::Memory::shared, "y"));
    graph::Recording recording;
    recording.append(ScaleAdd::dispatch(whole(backend->allocate(400, graph::Memory::shared, "x")), y, 1, 3));
    backend->run(*backend->prepare(recording));
    EXPECT_EQ(read(*backend, y), std::vector<uint32_t>(100, 3));
    return info(*device).properties;
  };
  const DeviceProperties properties = run_once();
  ASSERT_TRUE(load_pipeline_cache(folder_, properties));
  std::ofstream(pipeline_cache_path(folder_, properties)) << "damaged";
  ASSERT_FALSE(load_pipeline_cache(folder_, properties));
  run_once();
  EXPECT_TRUE(load_pipeline_cache(folder_, properties));
}

}  // namespace
}  // namespace unmask::vulkan
