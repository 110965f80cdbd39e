// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cli {

// The records of a text; fields in quotes may have commas, quotes and new lines. Empty lines do not count.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

// A field as it is written.
std::string csv_field(const std::string& text);

}  // namespace cli
