// The engine under test: one device for the whole program, models by folder.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "model/model.h"
#include "vulkan/devices.h"

namespace unmask::tests {

inline std::unique_ptr<graph::Backend> make_backend() {
  static const std::shared_ptr<vulkan::Device> device = vulkan::open_device();
  return vulkan::make_backend(device);
}

// Loaded once per program.
inline std::shared_ptr<const model::Model> load(const std::filesystem::path& folder) {
  static std::map<std::filesystem::path, std::shared_ptr<const model::Model>> models;
  auto& model = models[folder];
  if (!model) model = model::Loader(folder, make_backend()).finish();
  return model;
}

inline std::filesystem::path golden_folder(const char* name) {
  return std::filesystem::path(UNMASK_TEST_DATA) / "golden" / name;
}

}  // namespace unmask::tests
