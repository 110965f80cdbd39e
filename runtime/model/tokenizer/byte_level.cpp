#include "model/tokenizer/byte_level.h"

#include <array>

#include "model/tokenizer/utf8.h"

namespace unmask::model {
namespace {

constexpr char32_t last_letter = 0x143;  // 256 + the 68 bytes without a printable Latin-1 character, less one

struct Alphabet {
  std::array<std::string, 256> letters;
  std::array<int16_t, last_letter + 1> bytes;  // by code point; -1: not a letter

  Alphabet() {
    bytes.fill(-1);
    char32_t next = 256;
    for (int byte = 0; byte < 256; ++byte) {
      const bool printable = (byte > ' ' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
      const char32_t letter = printable ? static_cast<char32_t>(byte) : next++;
      append_utf8(letters[byte], letter);
      bytes[letter] = static_cast<int16_t>(byte);
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

std::string_view letter_of_byte(uint8_t byte) { return alphabet().letters[byte]; }

std::string letters_of_bytes(std::string_view bytes) {
  std::string result;
  for (const char byte : bytes) result += letter_of_byte(static_cast<uint8_t>(byte));
  return result;
}

std::optional<std::string> bytes_of_letters(std::string_view letters) {
  std::string result;
  while (!letters.empty()) {
    const Utf8Sequence sequence = first_sequence(letters);
    if (!sequence.valid || sequence.code_point > last_letter) return std::nullopt;
    const int16_t byte = alphabet().bytes[sequence.code_point];
    if (byte < 0) return std::nullopt;
    result.push_back(static_cast<char>(byte));
    letters.remove_prefix(sequence.length);
  }
  return result;
}

}  // namespace unmask::model
