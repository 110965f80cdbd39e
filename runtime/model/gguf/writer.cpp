#include "model/gguf/writer.h"

namespace unmask::model::gguf {

template <typename T>
void Writer::put(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void Writer::put_text(std::string& to, std::string_view value) {
  put<uint64_t>(to, value.size());
  to += value;
}

void Writer::begin(std::string_view key, ValueType type) {
  put_text(metadata_, key);
  put(metadata_, type);
  ++metadata_count_;
}

void Writer::integer(std::string_view key, uint32_t value) {
  begin(key, ValueType::uint32);
  put(metadata_, value);
}

void Writer::number(std::string_view key, float value) {
  begin(key, ValueType::float32);
  put(metadata_, value);
}

void Writer::flag(std::string_view key, bool value) {
  begin(key, ValueType::boolean);
  put<uint8_t>(metadata_, value ? 1 : 0);
}

void Writer::text(std::string_view key, std::string_view value) {
  begin(key, ValueType::string);
  put_text(metadata_, value);
}

void Writer::texts(std::string_view key, std::span<const std::string> values) {
  begin(key, ValueType::array);
  put(metadata_, ValueType::string);
  put<uint64_t>(metadata_, values.size());
  for (const std::string& value : values) put_text(metadata_, value);
}

void Writer::integers(std::string_view key, std::span<const int32_t> values) {
  begin(key, ValueType::array);
  put(metadata_, ValueType::int32);
  put<uint64_t>(metadata_, values.size());
  for (const int32_t value : values) put(metadata_, value);
}

void Writer::tensor(std::string_view name, std::span<const uint64_t> shape, DType type) {
  uint64_t elements = 1;
  put_text(tensors_, name);
  put(tensors_, static_cast<uint32_t>(shape.size()));
  for (size_t i = shape.size(); i-- > 0; elements *= shape[i]) put(tensors_, shape[i]);
  put(tensors_, static_cast<uint32_t>(info(type).gguf_type));
  put(tensors_, data_bytes_);
  const uint64_t bytes = bytes_of(type, elements);
  data_bytes_ += bytes + padding_after(bytes);
  ++tensor_count_;
}

std::string Writer::header() const {
  std::string result;
  put(result, magic);
  put(result, version);
  put(result, tensor_count_);
  put(result, metadata_count_);
  result += metadata_;
  result += tensors_;
  result.append(padding_after(result.size()), '\0');
  return result;
}

uint64_t padding_after(uint64_t bytes) {
  return (default_alignment - bytes % default_alignment) % default_alignment;
}

}  // namespace unmask::model::gguf
