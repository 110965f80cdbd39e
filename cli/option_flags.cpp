#include "option_flags.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr const char* group = "Decoding";

// "top_k" is --top-k; guidance also has the name that papers and other programs use.
std::string flag_of(const std::string& name) {
  std::string flag = "--" + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return name == "guidance" ? "--cfg," + flag : flag;
}

void check_usage(unmask_status status) {
  if (status != UNMASK_OK) throw CLI::ValidationError(unmask_last_error());
}

}  // namespace

void OptionFlags::add_to(CLI::App& command, const std::set<std::string>& except) {
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    if (except.count(unmask_option_name(i)) == 0) add(command, i);
  }
}

OptionValues OptionFlags::drafter_given() const {
  OptionValues values = drafter_differs_;
  values.insert(given_.begin(), given_.end());
  return values;
}

void OptionFlags::add(CLI::App& command, int32_t index) {
  const std::string name = unmask_option_name(index);
  const std::string flag = flag_of(name);
  const std::string help = unmask_option_description(index);
  const std::array both = {options_.get(), drafter_options_.get()};
  const auto set_integer = [this, both, name](int64_t value) {
    for (unmask_options* o : both) check_usage(unmask_options_set_integer(o, name.c_str(), value));
    given_[name] = fmt::format("{}", value);
  };
  const auto set_number = [this, both, name](double value) {
    for (unmask_options* o : both) check_usage(unmask_options_set_number(o, name.c_str(), value));
    given_[name] = fmt::format("{}", value);
  };
  const auto set_text = [this, both, name](const std::string& value) {
    for (unmask_options* o : both) check_usage(unmask_options_set_text(o, name.c_str(), value.c_str()));
    given_[name] = value;
  };
  const double initial = unmask_option_default(index);
  CLI::Option* option = nullptr;
  switch (unmask_option_get_kind(index)) {
    case UNMASK_OPTION_NUMBER:
      option = command.add_option_function<double>(flag, set_number, help);
      option->type_name("NUMBER")->default_str(fmt::format("{}", initial));
      break;
    case UNMASK_OPTION_FLAG:
      option = command.add_flag_function(
          flag + ",!--no-" + flag.substr(2), [set_integer](int64_t count) { set_integer(count > 0 ? 1 : 0); },
          fmt::format("{} [{}]", help, initial == 0 ? "off" : "on"));
      break;
    case UNMASK_OPTION_TEXT:
      option = command.add_option_function<std::string>(flag, set_text, help);
      option->type_name(unmask_option_choices(index))->default_str(unmask_option_default_text(index));
      break;
    default:
      option = command.add_option_function<int64_t>(flag, set_integer, help);
      option->type_name("INTEGER")->default_str(fmt::format("{}", initial));
  }
  option->group(group);
}

void OptionFlags::add_drafter_to(CLI::App& command) {
  command
      .add_option_function<std::vector<std::string>>(
          "--drafter-option",
          [this](const std::vector<std::string>& all) {
            for (const std::string& each : all) set_drafter(each);
          },
          "An option that is another one for the drafter, such as threshold=0.6. May be given several times.")
      ->type_name("NAME=VALUE")
      ->needs(command.get_option("--drafter"))
      ->group(group);
}

void OptionFlags::set_drafter(const std::string& name_and_value) {
  const size_t at = name_and_value.find('=');
  if (at == std::string::npos)
    throw CLI::ValidationError(fmt::format("'{}' is not NAME=VALUE, such as threshold=0.6.", name_and_value));
  std::string name = name_and_value.substr(0, at), value = name_and_value.substr(at + 1);
  std::replace(name.begin(), name.end(), '-', '_');
  drafter_differs_[name] = value;
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    if (name != unmask_option_name(i) || unmask_option_get_kind(i) == UNMASK_OPTION_TEXT) continue;
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || *end != '\0')
      throw CLI::ValidationError(fmt::format("'{}' of --drafter-option {} is not a number.", value, name));
    return check_usage(unmask_options_set_number(drafter_options_.get(), name.c_str(), number));
  }
  check_usage(unmask_options_set_text(drafter_options_.get(), name.c_str(), value.c_str()));
}

int64_t OptionFlags::integer(const std::string& name) const {
  if (const auto given = given_.find(name); given != given_.end()) return std::stoll(given->second);
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    if (name == unmask_option_name(i)) return static_cast<int64_t>(unmask_option_default(i));
  }
  return 0;
}

void add_strategy_flag(CLI::App& command, std::string& strategy) {
  std::string names;
  for (int32_t i = 0; i < unmask_strategy_count(); ++i) {
    names += (i == 0 ? "" : "|") + std::string(unmask_strategy_name(i));
  }
  command.add_option("--strategy", strategy, "How a round fills masks.")
      ->type_name(names)
      ->capture_default_str()
      ->group(group);
}

}  // namespace cli
