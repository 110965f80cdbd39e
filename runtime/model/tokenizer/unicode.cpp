#include "model/tokenizer/unicode.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>

#include <utf8proc.h>

#include "base/error.h"
#include "model/tokenizer/utf8.h"

namespace unmask::model {
namespace {

bool is_in(std::span<const CodePointRange> ranges, char32_t code_point) {
  return std::any_of(ranges.begin(), ranges.end(), [=](CodePointRange range) {
    return range.first <= code_point && code_point <= range.last;
  });
}

// Letters in a circle, a square or brackets: Alphabetic, although their category is Symbol.
constexpr CodePointRange enclosed_letters[] = {
    {0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}};

constexpr CodePointRange joiners[] = {{0x200c, 0x200d}};

}  // namespace

bool is_white_space(char32_t code_point) { return is_in(white_space, code_point); }

bool is_word_character(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return is_in(enclosed_letters, code_point) || is_in(joiners, code_point);
  }
}

size_t white_space_at_start(std::string_view text) {
  size_t bytes = 0;
  while (bytes < text.size()) {
    const Utf8Sequence next = first_sequence(text.substr(bytes));
    if (!is_white_space(next.code_point)) break;
    bytes += next.length;
  }
  return bytes;
}

size_t white_space_at_end(std::string_view text) {
  size_t begin = text.size();
  while (begin > 0) {
    size_t last = begin - 1;
    while (last > 0 && (text[last] & 0xc0) == 0x80) --last;
    if (!is_white_space(first_sequence(text.substr(last)).code_point)) break;
    begin = last;
  }
  return text.size() - begin;
}

std::string compose(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const utf8proc_ssize_t length = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
      &composed, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  if (length < 0)
    fail(Status::out_of_memory, "Cannot normalise a text of {} bytes: {}.", text.size(),
         utf8proc_errmsg(length));
  return std::string(reinterpret_cast<const char*>(composed), static_cast<size_t>(length));
}

}  // namespace unmask::model
