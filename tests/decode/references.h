// Fixtures of the NumPy implementations (tests/tools/*_reference.py).
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "decode/options.h"
#include "support/engine.h"
#include "support/temporary_folder.h"

namespace unmask::decode {

inline nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

inline nlohmann::json read_reference(const char* name) {
  return read_json(std::filesystem::path(UNMASK_TEST_DATA) / "sampler" / name);
}

// A golden model with only its first layers.
inline std::shared_ptr<const model::Model> shortened(const std::string& name, int layers) {
  auto& model = tests::engine().models[name + std::to_string(layers)];
  if (model) return model;
  const tests::TemporaryFolder folder;
  for (const auto& file : std::filesystem::directory_iterator(tests::golden_folder(name.c_str())))
    std::filesystem::copy(file.path(), folder.path() / file.path().filename());
  nlohmann::json config = read_json(folder.path() / "config.json");
  config[config.contains("n_layers") ? "n_layers" : "num_hidden_layers"] = layers;
  std::ofstream(folder.path() / "config.json") << config;
  model = model::Loader(folder.path(), tests::make_backend()).finish();
  return model;
}

// A case's options; "layers" is not one, but says what drafts.
inline Options options_of(const nlohmann::json& values, const char* cache) {
  Options o;
  o.set_text("cache", cache);
  for (const auto& [name, value] : values.items()) {
    if (value.is_string()) {
      o.set_text(name, value.get<std::string>());
    } else if (name != "layers") {
      o.set_number(name, value.is_boolean() ? value.get<bool>() : value.get<double>());
    }
  }
  return o;
}

}  // namespace unmask::decode
