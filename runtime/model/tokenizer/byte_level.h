// GPT-2's way to write any bytes as printable characters: each byte is one of 256 letters ("Ġ" is the space).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unmask::model {

// The letter of a byte, in UTF-8.
std::string_view letter_of_byte(uint8_t byte);

// `bytes` written in letters.
std::string letters_of_bytes(std::string_view bytes);

// What a token's letters stand for, or nothing if one of its characters is not such a letter.
std::optional<std::string> bytes_of_letters(std::string_view letters);

}  // namespace unmask::model
