#include "vulkan/settings.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace unmask::vulkan {
namespace {

std::string cache_folder() {
  if (const char* folder = std::getenv("UNMASK_CACHE_DIR")) return folder;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/unmask";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/unmask";
  return {};
}

std::optional<double> submit_budget() {
  const char* text = std::getenv("UNMASK_SUBMIT_BUDGET_MS");
  if (text == nullptr || *text == '\0') return std::nullopt;
  double value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  require(error == std::errc() && stop == end && value > 0, Status::invalid_argument,
          "UNMASK_SUBMIT_BUDGET_MS is '{}'; it must be a number of milliseconds above 0.", text);
  return value;
}

}  // namespace

Settings Settings::from_environment() {
  Settings s;
  s.submit_budget_ms = submit_budget();
  const char* replay = std::getenv("UNMASK_REPLAY");
  s.replay = replay == nullptr || std::string_view(replay) != "0";
  s.cache_folder = vulkan::cache_folder();
  return s;
}

}  // namespace unmask::vulkan
