// The beginning of a GGUF file (version 3): metadata and where the tensors will be.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "model/gguf/file.h"

namespace unmask::model::gguf {

class Writer {
 public:
  void integer(std::string_view key, uint32_t value);
  void number(std::string_view key, float value);
  void flag(std::string_view key, bool value);
  void text(std::string_view key, std::string_view value);
  void texts(std::string_view key, std::span<const std::string> values);
  void integers(std::string_view key, std::span<const int32_t> values);

  // Tensors follow each other in the order of these calls, each at a multiple of `default_alignment`.
  // Outermost first.
  void tensor(std::string_view name, std::span<const uint64_t> shape, DType type);

  // Everything before the first tensor.
  std::string header() const;

 private:
  template <typename T>
  static void put(std::string& to, T value);
  static void put_text(std::string& to, std::string_view value);
  void begin(std::string_view key, ValueType type);

  std::string metadata_, tensors_;
  uint64_t metadata_count_ = 0, tensor_count_ = 0, data_bytes_ = 0;
};

// Zeros to put behind `bytes` bytes.
uint64_t padding_after(uint64_t bytes);

}  // namespace unmask::model::gguf
