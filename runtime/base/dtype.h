// Element types of tensors. Block-quantised formats join this table with their block sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace unmask {

enum class DType : uint8_t { f32, f16, bf16, u32 };

struct DTypeInfo {
  const char* name;
  uint32_t block_elements;  // 1 for plain types
  uint32_t block_bytes;
};

const DTypeInfo& info(DType type);

// Bytes of `elements` consecutive elements; elements must be a multiple of the type's block.
uint64_t bytes_of(DType type, uint64_t elements);

}  // namespace unmask
