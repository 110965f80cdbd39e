// The element types of tensors: one table of names, sizes and, for those that weights come in, how they are
// made from floats and become floats again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace unmask {

// The names of block formats are ggml's: q4_k stores 256 elements in a block of 144 bytes.
enum class DType : uint8_t { f32, f16, bf16, u32, q8_0, q4_0, q4_k, q6_k };

struct DTypeInfo {
  const char* name;
  uint32_t block_elements;  // 1 for plain types; a row is a whole number of blocks
  uint32_t block_bytes;
  int32_t gguf_type;  // its number in GGUF files; -1: none that we read

  // Whole blocks, at any alignment; what is no finite number becomes something finite or stays infinite, but
  // harms no other block. Null for types that are no weights.
  void (*quantise)(std::span<const float> values, std::byte* blocks);
  void (*dequantise)(const std::byte* blocks, std::span<float> values);

  DType otherwise;  // for rows that are no whole number of blocks
};

const DTypeInfo& info(DType type);

// The types that weights come in.
std::span<const DType> weight_types();

// By name ("q8_0"); throws invalid_argument with the names there are.
DType parse_weight_type(std::string_view name);

std::optional<DType> dtype_of_gguf(uint32_t gguf_type);

// `wanted`, or the first of its substitutes of which rows of `inputs` elements are whole blocks.
DType fitting_type(DType wanted, uint64_t inputs);

// Bytes of `elements` consecutive elements; elements must be a multiple of the type's block.
uint64_t bytes_of(DType type, uint64_t elements);

}  // namespace unmask
