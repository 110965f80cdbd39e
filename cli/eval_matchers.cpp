#include "eval_matchers.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "handles.h"

namespace cli {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '\''; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// A point before the first digit belongs to the number, unless a sentence ends with it.
size_t begin_of_number(std::string_view text, size_t digit) {
  const bool point = digit > 0 && text[digit - 1] == '.';
  return point && (digit == 1 || !is_word(text[digit - 2])) ? digit - 1 : digit;
}

// Behind the number that begins at `begin`: digits, commas between them, a fraction.
size_t end_of_number(std::string_view text, size_t begin) {
  bool fraction = text[begin] == '.';
  size_t end = begin + (fraction ? 1 : 0);
  const auto digit_after = [&] { return end + 1 < text.size() && is_digit(text[end + 1]); };
  while (end < text.size()) {
    const bool point = text[end] == '.' && !fraction && digit_after();
    const bool comma = text[end] == ',' && !fraction && digit_after();
    if (!is_digit(text[end]) && !point && !comma) break;
    fraction = fraction || point;
    ++end;
  }
  return end;
}

// A minus sign before the digits or their dollar sign, unless it takes away from what stands before it.
bool is_negative(std::string_view text, size_t begin) {
  if (begin > 0 && text[begin - 1] == '$') --begin;
  if (begin == 0 || text[begin - 1] != '-') return false;
  return begin == 1 || (!is_word(text[begin - 2]) && text[begin - 2] != ')');
}

// "$1,234.50" as "1234.5".
std::string spelling_of(std::string_view digits, bool negative) {
  std::string text(digits);
  text.erase(std::remove(text.begin(), text.end(), ','), text.end());
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
  if (text.empty() || text.front() == '.') text.insert(text.begin(), '0');
  if (negative && text != "0") text.insert(text.begin(), '-');
  return text;
}

std::string last_number(std::string_view text) {
  const std::vector<Number> numbers = numbers_in(text);
  return numbers.empty() ? "" : numbers.back().spelling;
}

std::string first_number(std::string_view text) {
  const std::vector<Number> numbers = numbers_in(text);
  return numbers.empty() ? "" : numbers.front().spelling;
}

// The marks of GSM8K's own answers and of the zero-shot prompt, else the last number.
std::string marked_number(std::string_view text) {
  for (const std::string_view mark : {"####", "\\boxed{"}) {
    if (const size_t found = text.rfind(mark); found != std::string_view::npos) {
      return first_number(text.substr(found + mark.size()));
    }
  }
  return last_number(text);
}

std::string words(std::string_view text) {
  std::string result;
  for (const char c : trim(text)) {
    if (!is_space(c)) {
      result += c;
    } else if (result.back() != ' ') {
      result += ' ';
    }
  }
  return result;
}

std::string letter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const bool alone = (i == 0 || !is_word(text[i - 1])) && (i + 1 == text.size() || !is_word(text[i + 1]));
    if (alone && text[i] >= 'A' && text[i] <= 'D') return {text[i]};
  }
  return "";
}

double value_of(const Number& number) { return std::strtod(number.spelling.c_str(), nullptr); }

bool step_is_right(const Number& left, std::string_view operation, const Number& right,
                   const Number& result) {
  const double a = value_of(left), b = value_of(right), c = value_of(result);
  const auto near = [c](double x) { return std::abs(x - c) <= 1e-9 * std::max(1.0, std::abs(c)); };
  if (operation == "+") return near(a + b);
  if (operation == "-") return near(a - b);
  if (operation == "*" || operation == "x") return near(a * b);
  return operation == "/" && b != 0 && near(a / b);
}

// The last number, if every equals sign stands in a step "a + b = c" that is right, there is a step, and the
// last number is the result of the last of them.
std::string worked_arithmetic(std::string_view text) {
  const std::vector<Number> numbers = numbers_in(text);
  const auto between = [&](size_t i) {
    return trim(text.substr(numbers[i].end, numbers[i + 1].begin - numbers[i].end));
  };
  std::string result;
  std::ptrdiff_t steps = 0;
  for (size_t i = 0; i + 2 < numbers.size(); ++i) {
    if (between(i + 1) != "=") continue;
    if (!step_is_right(numbers[i], between(i), numbers[i + 1], numbers[i + 2])) return "";
    result = numbers[i + 2].spelling;
    ++steps;
  }
  const bool all = steps > 0 && steps == std::count(text.begin(), text.end(), '=');
  return all && numbers.back().spelling == result ? result : "";
}

constexpr Matcher table[] = {
    {"last_number", "the last number of the text", last_number},
    {"gsm8k", "the number after \"####\", else the one in \\boxed{}, else the last", marked_number},
    {"letter", "the first letter A to D by itself", letter},
    {"exact", "the whole text, white space aside", words},
    {"worked_arithmetic",
     "the last number, if it is the result of the last step \"a + b = c\" and every step is right",
     worked_arithmetic},
};

}  // namespace

std::vector<Number> numbers_in(std::string_view text) {
  std::vector<Number> numbers;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    const size_t first = begin_of_number(text, i), end = end_of_number(text, first);
    const bool negative = is_negative(text, first);
    const size_t begin = negative ? text.rfind('-', first) : first;
    numbers.push_back({begin, end, spelling_of(text.substr(first, end - first), negative)});
    i = end - 1;
  }
  return numbers;
}

std::span<const Matcher> matchers() { return table; }

const Matcher& find_matcher(const std::string& name) {
  std::string names;
  for (const Matcher& m : table) {
    if (name == m.name) return m;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", m.name);
  }
  throw Failure(fmt::format("There is no matcher '{}'; there are {}.", name, names));
}

bool is_right(const Matcher& matcher, std::string_view text, std::string_view answer) {
  const std::string said = matcher.read(text);
  return !said.empty() && (answer.empty() || said == matcher.read(answer));
}

}  // namespace cli
