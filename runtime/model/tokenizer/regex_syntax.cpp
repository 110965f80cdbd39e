// Oniguruma's syntax in PCRE2's words. The two agree on most of what tokenizers use; \s does not mean the
// same in PCRE2 (it has U+180E), nor do \v, ^, $ and what is refused here.
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "model/json.h"
#include "model/tokenizer/regex.h"
#include "model/tokenizer/unicode.h"

namespace unmask::model {
namespace {

constexpr std::array<std::string_view, 38> general_categories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl",
    "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk",
    "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cs", "Co", "Cn", "Any"};

std::string range(char32_t first, char32_t last) {
  return fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<uint32_t>(first), static_cast<uint32_t>(last));
}

// The inside of a character class: white space, or everything else.
std::string white_space_ranges(bool negated) {
  std::string result;
  char32_t next = 0;
  for (const CodePointRange space : white_space) {
    result += negated ? range(next, space.first - 1) : range(space.first, space.last);
    next = space.last + 1;
  }
  // UTF-8 has no surrogates, and PCRE2 takes a range across them as meaning the characters around them.
  if (negated) result += range(next, 0x10ffff);
  return result;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : rest_(pattern), pattern_(pattern), where_(where) {}

  std::string translate() {
    while (!rest_.empty()) {
      if (rest_[0] == '\\') {
        escape(false);
      } else if (rest_[0] == '[') {
        character_class();
      } else if (rest_[0] == '(') {
        group();
      } else if (rest_[0] == '{') {
        interval();
      } else {
        copy(1);
      }
    }
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(std::string_view construct) const {
    fail(Status::unsupported,
         "The regular expression \"{}\" of {} uses {}, which this build does not support.", excerpt(pattern_),
         where_, construct);
  }

  void copy(size_t bytes) {
    result_ += rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
  }

  void replace(size_t bytes, std::string_view by) {
    result_ += by;
    rest_.remove_prefix(bytes);
  }

  void escape(bool in_class) {
    if (rest_.size() < 2) refuse("a backslash at its end");
    const char letter = rest_[1];
    if (letter == 's' || letter == 'S') {
      const std::string ranges = white_space_ranges(letter == 'S');
      return replace(2, in_class ? ranges : "[" + ranges + "]");
    }
    if (letter == 'v') return replace(2, "\\x{b}");
    if (letter == 'p' || letter == 'P') return property();
    if (letter == 'x') return hexadecimal();
    if (letter == 'u') return unicode();
    if (letter == 'A' || letter == 'z') {
      if (in_class) refuse("an anchor in a class");
      return copy(2);
    }
    const bool same =
        !is_alphanumeric(letter) || std::string_view("rntfdD").find(letter) != std::string_view::npos;
    if (!same) refuse(fmt::format("\\{}", letter));
    copy(2);
  }

  // Scripts are left out: PCRE2's \p{Greek} has more characters than Oniguruma's.
  void property() {
    const size_t close = rest_.find('}');
    if (rest_.size() < 3 || rest_[2] != '{' || close == std::string_view::npos) refuse("\\p without braces");
    std::string_view name = rest_.substr(3, close - 3);
    if (name.starts_with('^')) name.remove_prefix(1);
    if (std::find(general_categories.begin(), general_categories.end(), name) == general_categories.end())
      refuse(fmt::format("the property \"{}\"", excerpt(name)));
    copy(close + 1);
  }

  void hexadecimal() {
    if (rest_.size() < 3 || rest_[2] != '{') refuse("\\x without braces");
    const size_t close = rest_.find('}');
    if (close == std::string_view::npos) refuse("\\x{ without its end");
    copy(close + 1);
  }

  void unicode() {
    constexpr size_t length = 6;  // \uXXXX
    const std::string_view digits = rest_.substr(0, length).substr(2);
    const bool valid =
        digits.size() == 4 && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (!valid) refuse("\\u without four hexadecimal digits");
    replace(length, fmt::format("\\x{{{}}}", digits));
  }

  void character_class() {
    copy(rest_.starts_with("[^") ? 2 : 1);
    if (rest_.starts_with(']')) refuse("a class that begins with ]");
    while (!rest_.starts_with(']')) {
      if (rest_.empty()) refuse("a class without its end");
      if (rest_[0] == '[') refuse("a class in a class");
      if (rest_.starts_with("&&")) refuse("an intersection of classes");
      rest_[0] == '\\' ? escape(true) : copy(1);
    }
    copy(1);
  }

  void group() {
    static constexpr std::array<std::string_view, 7> openings = {
        "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:"};
    for (const std::string_view opening : openings)
      if (rest_.starts_with(opening)) return copy(opening.size());
    if (rest_.starts_with("(?") || rest_.starts_with("(*")) refuse("a special group");
    copy(1);
  }

  // {n}, {n,} and {n,m}. A + after it would make it possessive in PCRE2 and repeat it in Ruby.
  void interval() {
    const size_t close = rest_.find('}');
    const std::string_view inside = rest_.substr(1, close == std::string_view::npos ? 0 : close - 1);
    const bool numbers = !inside.empty() && is_digit(inside[0]) &&
                         inside.find_first_not_of("0123456789,") == std::string_view::npos &&
                         std::count(inside.begin(), inside.end(), ',') <= 1;
    if (!numbers) refuse("a { that begins no repetition");
    if (rest_.substr(close + 1).starts_with('+')) refuse("a + after a repetition");
    copy(close + 1);
  }

  std::string_view rest_;
  std::string_view pattern_;
  const std::string& where_;
  std::string result_;
};

}  // namespace

std::string pcre_from_oniguruma(std::string_view pattern, const std::string& where) {
  return Translator(pattern, where).translate();
}

}  // namespace unmask::model
