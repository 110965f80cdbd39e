// The engine under test: one device for the whole program, models by folder.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "model/model.h"
#include "vulkan/devices.h"

namespace unmask::tests {

// Let go before main returns: some drivers do not survive a device that is closed while the process exits.
class Engine : public testing::Environment {
 public:
  void TearDown() override {
    models.clear();
    device.reset();
  }
  std::shared_ptr<vulkan::Device> device;
  std::map<std::filesystem::path, std::shared_ptr<const model::Model>> models;
};

// Registered before main, because an environment added while tests run is not torn down.
inline Engine* const registered_engine = static_cast<Engine*>(testing::AddGlobalTestEnvironment(new Engine));
inline Engine& engine() { return *registered_engine; }

inline std::unique_ptr<graph::Backend> make_backend() {
  if (!engine().device) engine().device = vulkan::open_device();
  return vulkan::make_backend(engine().device);
}

// Loaded once per program.
inline std::shared_ptr<const model::Model> load(const std::filesystem::path& folder) {
  auto& model = engine().models[folder];
  if (!model) model = model::Loader(folder, make_backend()).finish();
  return model;
}

inline std::filesystem::path golden_folder(const char* name) {
  return std::filesystem::path(UNMASK_TEST_DATA) / "golden" / name;
}

}  // namespace unmask::tests
