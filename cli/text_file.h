// Files of text, read whole or line by line.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

namespace cli {

using Json = nlohmann::ordered_json;

// Throws Failure if the file cannot be read.
std::string read_text_file(const std::string& path);

// Calls `use(number, object)` for the JSON object of every line that is not empty. Throws Failure if the file
// cannot be read, or a line is no JSON object.
void for_each_object(const std::string& path, const std::function<void(int, const Json&)>& use);

// One line; what is no UTF-8 becomes U+FFFD.
std::string to_line(const Json& value);

// Writes `text` as the whole file; throws Failure.
void write_text_file(const std::string& path, const std::string& text);

}  // namespace cli
