// --model and --device, and the objects they name.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "handles.h"

namespace cli {

struct ModelFlags {
  std::string model, device;

  void add_to(CLI::App& command);         // --model, required, and --device
  void add_device_to(CLI::App& command);  // only --device

  Device open_device() const;
};

// Loads a model, with a progress bar on stderr where that is a terminal. Ctrl-C ends it.
Model load_model(unmask_device* device, const std::string& path);

// A device and a model on it, for commands that need just that.
struct LoadedModel {
  Device device;
  Model model;
  explicit LoadedModel(const ModelFlags& flags)
      : device(flags.open_device()), model(load_model(device.get(), flags.model)) {}
};

// "1 2 3", with blanks or commas between. Throws a usage error that says which part is no token id.
std::vector<int32_t> parse_tokens(const std::string& text);

}  // namespace cli
