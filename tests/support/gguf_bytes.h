// Writes the bytes of a GGUF file one by one, right or wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace unmask::tests {

class GgufBytes {
 public:
  explicit GgufBytes(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    bytes_ = "GGUF";
    number(version).number(tensors).number(keys);
  }

  template <typename T>
  GgufBytes& number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  GgufBytes& text(std::string_view value) {
    number<uint64_t>(value.size());
    bytes_ += value;
    return *this;
  }
  GgufBytes& key(std::string_view name, uint32_t type) { return text(name).number(type); }
  GgufBytes& text_value(std::string_view name, std::string_view value) { return key(name, 8).text(value); }
  GgufBytes& u32_value(std::string_view name, uint32_t value) { return key(name, 4).number(value); }

  // `columns` innermost, as in the file.
  GgufBytes& matrix(std::string_view name, uint64_t columns, uint64_t rows, uint32_t type, uint64_t offset) {
    return text(name).number<uint32_t>(2).number(columns).number(rows).number(type).number(offset);
  }

  std::string with_data(size_t count, uint64_t alignment = 32) const {
    std::string file = bytes_ + std::string((alignment - bytes_.size() % alignment) % alignment, '\0');
    for (size_t i = 0; i < count; ++i) file.push_back(static_cast<char>(i));
    return file;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace unmask::tests
