// The few properties of characters that tokenizers ask for.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace unmask::model {

// The Unicode property White_Space as closed ranges, in order. It is what \s means in Hugging Face's
// tokenizers.
struct CodePointRange {
  char32_t first;
  char32_t last;
};
inline constexpr std::array<CodePointRange, 10> white_space = {{{0x9, 0xd},
                                                                {0x20, 0x20},
                                                                {0x85, 0x85},
                                                                {0xa0, 0xa0},
                                                                {0x1680, 0x1680},
                                                                {0x2000, 0x200a},
                                                                {0x2028, 0x2029},
                                                                {0x202f, 0x202f},
                                                                {0x205f, 0x205f},
                                                                {0x3000, 0x3000}}};

bool is_white_space(char32_t code_point);

// What \w means in Rust's regular expressions: letters, marks, decimal digits, connecting punctuation,
// joiners.
bool is_word_character(char32_t code_point);

// Bytes of white space at the two ends of a valid UTF-8 text.
size_t white_space_at_start(std::string_view text);
size_t white_space_at_end(std::string_view text);

// Canonical composition (Unicode normalisation form C) of a valid UTF-8 text.
std::string compose(std::string_view text);

}  // namespace unmask::model
