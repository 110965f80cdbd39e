// Version, errors, log and options; the other parts of the C ABI are in device.cpp, model.cpp and decode.cpp.
#include "capi/unmask.h"

#include "base/log.h"
#include "capi/objects.h"

using namespace unmask;
using namespace unmask::capi;

namespace {

// The table's entry, or nullptr.
const decode::OptionInfo* option(int32_t index) {
  const auto table = decode::option_table();
  return index >= 0 && static_cast<size_t>(index) < table.size() ? &table[static_cast<size_t>(index)]
                                                                 : nullptr;
}

}  // namespace

int32_t unmask_version(void) {
  return UNMASK_VERSION_MAJOR * 10000 + UNMASK_VERSION_MINOR * 100 + UNMASK_VERSION_PATCH;
}

const char* unmask_status_name(unmask_status status) {
  static constexpr const char* names[] = {
      "ok",          "invalid_argument", "wrong_state", "not_found", "bad_model",
      "unsupported", "out_of_memory",    "device_lost", "cancelled", "io",
      "internal"};
  return status >= 0 && static_cast<size_t>(status) < std::size(names) ? names[status] : "unknown";
}

unmask_status unmask_last_status(void) { return static_cast<int32_t>(last_error().status); }

const char* unmask_last_error(void) { return last_error().sentence.c_str(); }

void unmask_log_set_sink(unmask_log_function sink, void* user_data) {
  guard([&] {
    if (sink == nullptr) return set_log_sink({});
    set_log_sink([sink, user_data](LogLevel level, std::string_view text) {
      sink(user_data, static_cast<int32_t>(level), std::string(text).c_str());
    });
  });
}

unmask_options* unmask_options_create(void) {
  return guard_value<unmask_options*>(nullptr, [] { return new unmask_options; });
}

void unmask_options_destroy(unmask_options* options) { delete options; }

unmask_status unmask_options_set_number(unmask_options* options, const char* name, double value) {
  return guard([&] {
    const Exclusive here(deref(options, "options object").busy);
    options->options.set_number(text_of(name, "option's name"), value);
  });
}

unmask_status unmask_options_set_integer(unmask_options* options, const char* name, int64_t value) {
  return guard([&] {
    const Exclusive here(deref(options, "options object").busy);
    options->options.set_integer(text_of(name, "option's name"), value);
  });
}

unmask_status unmask_options_set_text(unmask_options* options, const char* name, const char* value) {
  return guard([&] {
    const Exclusive here(deref(options, "options object").busy);
    options->options.set_text(text_of(name, "option's name"), text_of(value, "option's value"));
  });
}

int32_t unmask_option_count(void) { return static_cast<int32_t>(decode::option_table().size()); }
const char* unmask_option_name(int32_t index) { return option(index) ? option(index)->name : ""; }
int32_t unmask_option_get_kind(int32_t index) {
  return option(index) ? static_cast<int32_t>(option(index)->kind) : -1;
}
const char* unmask_option_description(int32_t index) {
  return option(index) ? option(index)->description : "";
}
const char* unmask_option_choices(int32_t index) { return option(index) ? option(index)->choices : ""; }
const char* unmask_option_default_text(int32_t index) {
  return option(index) ? option(index)->default_text : "";
}
double unmask_option_default(int32_t index) { return option(index) ? option(index)->default_number : 0; }
double unmask_option_minimum(int32_t index) { return option(index) ? option(index)->minimum : 0; }
double unmask_option_maximum(int32_t index) { return option(index) ? option(index)->maximum : 0; }
