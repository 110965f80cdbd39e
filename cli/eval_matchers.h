// How a model's text is held against the right answer: a table of rules.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct Matcher {
  const char* name;
  const char* description;
  std::string (*read)(std::string_view text);  // what the text answers, in one spelling; empty: nothing
};

std::span<const Matcher> matchers();

// Throws Failure that lists the names there are.
const Matcher& find_matcher(const std::string& name);

// Whether text and answer read the same. An empty answer asks only that the text can be read.
bool is_right(const Matcher& matcher, std::string_view text, std::string_view answer);

// A number in a text: `spelling` without dollar signs, thousands commas and zeros that say nothing.
struct Number {
  size_t begin, end;
  std::string spelling;
};

std::vector<Number> numbers_in(std::string_view text);

}  // namespace cli
