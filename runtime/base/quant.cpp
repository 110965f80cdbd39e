#include "base/quant.h"

#include "base/half.h"
#include "base/quant_bytes.h"

namespace unmask {
namespace {

constexpr size_t block_elements = 32, q8_0_bytes = 34, q4_0_bytes = 18;

void quantise_q8_0_block(std::span<const float> x, std::byte* block) {
  const float scale = std::abs(furthest(x)) / 127;
  const float to_whole = inverse(scale);
  store_bytes(block, f16_from_float(scale));
  for (size_t i = 0; i < block_elements; ++i)
    store_bytes(block + 2 + i, static_cast<int8_t>(whole(std::round(x[i] * to_whole), -127, 127)));
}

// The value furthest from zero becomes -8, so that the format's one unpaired number is of use.
void quantise_q4_0_block(std::span<const float> x, std::byte* block) {
  const float scale = furthest(x) / -8;
  const float to_whole = inverse(scale);
  const auto digit = [&](size_t i) { return whole(std::trunc(x[i] * to_whole + 8.5f), 0, 15); };
  store_bytes(block, f16_from_float(scale));
  for (size_t i = 0; i < block_elements / 2; ++i)
    store_bytes(block + 2 + i, static_cast<uint8_t>(digit(i) | digit(i + block_elements / 2) << 4));
}

}  // namespace

void quantise_f32(std::span<const float> values, std::byte* blocks) {
  std::memcpy(blocks, values.data(), values.size_bytes());
}
void dequantise_f32(const std::byte* blocks, std::span<float> values) {
  std::memcpy(values.data(), blocks, values.size_bytes());
}

void quantise_f16(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); ++i) store_bytes(blocks + 2 * i, f16_from_float(values[i]));
}
void dequantise_f16(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = float_from_f16(load_bytes<uint16_t>(blocks + 2 * i));
}

void quantise_bf16(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); ++i) store_bytes(blocks + 2 * i, bf16_from_float(values[i]));
}
void dequantise_bf16(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float_from_bf16(load_bytes<uint16_t>(blocks + 2 * i));
}

void quantise_q8_0(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); i += block_elements, blocks += q8_0_bytes)
    quantise_q8_0_block(values.subspan(i, block_elements), blocks);
}
void dequantise_q8_0(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const std::byte* block = blocks + i / block_elements * q8_0_bytes;
    const float scale = float_from_f16(load_bytes<uint16_t>(block));
    values[i] = scale * static_cast<float>(load_bytes<int8_t>(block + 2 + i % block_elements));
  }
}

void quantise_q4_0(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); i += block_elements, blocks += q4_0_bytes)
    quantise_q4_0_block(values.subspan(i, block_elements), blocks);
}
void dequantise_q4_0(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const std::byte* block = blocks + i / block_elements * q4_0_bytes;
    const size_t in_block = i % block_elements;
    const uint32_t pair = byte_at(block, 2 + in_block % 16);
    const int digit = static_cast<int>(in_block < 16 ? pair & 15 : pair >> 4) - 8;
    values[i] = float_from_f16(load_bytes<uint16_t>(block)) * static_cast<float>(digit);
  }
}

}  // namespace unmask
