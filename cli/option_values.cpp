#include "option_values.h"

#include <charconv>

#include <fmt/format.h>

namespace cli {

namespace {

int32_t kind_of(const std::string& name) {
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    if (name == unmask_option_name(i)) return unmask_option_get_kind(i);
  }
  throw Failure(fmt::format("There is no option '{}'.", name));
}

template <typename T>
T parse(const std::string& name, const std::string& text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  throw Failure(fmt::format("Option '{}' is a number, but is given as '{}'.", name, text));
}

unmask_status set(unmask_options* options, const std::string& name, const std::string& value) {
  switch (kind_of(name)) {
    case UNMASK_OPTION_TEXT:
      return unmask_options_set_text(options, name.c_str(), value.c_str());
    case UNMASK_OPTION_NUMBER:
      return unmask_options_set_number(options, name.c_str(), parse<double>(name, value));
    default:
      return unmask_options_set_integer(options, name.c_str(), parse<int64_t>(name, value));
  }
}

}  // namespace

Options options_of(const OptionValues& values) {
  Options options(check(unmask_options_create()));
  for (const auto& [name, value] : values) check(set(options.get(), name, value));
  return options;
}

std::string to_text(const OptionValues& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  }
  return text;
}

}  // namespace cli
