// UTF-8 as the Unicode standard defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace unmask::model {

// One sequence at the start of a text. Where the bytes are not valid UTF-8, `valid` is false and `length`
// counts the bytes that one U+FFFD replaces (the "maximal subpart" rule of the Unicode standard,
// chapter 3.9).
struct Utf8Sequence {
  char32_t code_point;
  size_t length;  // at least 1
  bool valid;
};

// `text` must not be empty.
Utf8Sequence first_sequence(std::string_view text);

// Offset of the first byte that is not part of valid UTF-8, or text.size().
size_t first_invalid_byte(std::string_view text);

// `bytes` with every invalid part replaced by U+FFFD.
std::string replace_invalid(std::string_view bytes);

void append_utf8(std::string& text, char32_t code_point);

}  // namespace unmask::model
