// Owners of the C interface's objects, and growable structs with their defaults.
#pragma once

#include <unmask.h>

#include <memory>

namespace cli {

template <auto destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};

using DeviceList = std::unique_ptr<unmask_device_list, Destroyer<unmask_device_list_destroy>>;
using Device = std::unique_ptr<unmask_device, Destroyer<unmask_device_destroy>>;
using Loader = std::unique_ptr<unmask_loader, Destroyer<unmask_loader_destroy>>;
using Model = std::unique_ptr<unmask_model, Destroyer<unmask_model_destroy>>;
using Messages = std::unique_ptr<unmask_messages, Destroyer<unmask_messages_destroy>>;
using Options = std::unique_ptr<unmask_options, Destroyer<unmask_options_destroy>>;
using Session = std::unique_ptr<unmask_session, Destroyer<unmask_session_destroy>>;
using Converter = std::unique_ptr<unmask_converter, Destroyer<unmask_converter_destroy>>;
using Decoder = std::unique_ptr<unmask_decoder, Destroyer<unmask_decoder_destroy>>;

// A growable struct with its defaults: `initialised(unmask_progress_init)`.
template <typename T>
T initialised(void (*init)(T*)) {
  T value;
  init(&value);
  return value;
}

}  // namespace cli
