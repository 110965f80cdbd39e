// Single elements of plain types, at any alignment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/dtype.h"
#include "base/half.h"

namespace unmask {

// Element `index` of an array of f32, f16 or bf16.
inline float load_float(DType type, const std::byte* data, uint64_t index) {
  if (type == DType::f32) {
    float value;
    std::memcpy(&value, data + index * sizeof(value), sizeof(value));
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, data + index * sizeof(bits), sizeof(bits));
  return type == DType::f16 ? float_from_f16(bits) : float_from_bf16(bits);
}

inline void store_float(DType type, std::byte* data, uint64_t index, float value) {
  if (type == DType::f32) {
    std::memcpy(data + index * sizeof(value), &value, sizeof(value));
    return;
  }
  const uint16_t bits = type == DType::f16 ? f16_from_float(value) : bf16_from_float(value);
  std::memcpy(data + index * sizeof(bits), &bits, sizeof(bits));
}

}  // namespace unmask
