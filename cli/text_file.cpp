#include "text_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "handles.h"

namespace cli {

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(fmt::format("The file {} cannot be read.", path));
  return {std::istreambuf_iterator<char>(file), {}};
}

void for_each_object(const std::string& path, const std::function<void(int, const Json&)>& use) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(fmt::format("The file {} cannot be read.", path));
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) {
      throw Failure(fmt::format("{}, line {}: expected a JSON object.", path, number));
    }
    use(number, object);
  }
}

std::string to_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void write_text_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    const std::error_code reason(errno, std::generic_category());
    throw Failure(fmt::format("The file {} cannot be written: {}.", path, reason.message()));
  }
}

}  // namespace cli
