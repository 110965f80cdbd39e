// Decoding options as names and texts, which can be kept, compared and combined; a library's object cannot.
#pragma once

#include <map>
#include <string>

#include "handles.h"

namespace cli {

// Option names with their values; options that are not in it have their defaults.
using OptionValues = std::map<std::string, std::string>;

// Throws Failure for a name that there is not, and for a value out of its range.
Options options_of(const OptionValues& values);

// "cache=dual threshold=0.9"; empty without values.
std::string to_text(const OptionValues& values);

}  // namespace cli
