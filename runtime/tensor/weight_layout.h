// How the rows of a weight lie in device memory: read by shaders/include/dequant.glsl. Nothing is lost;
// numbers are only put where whole 32-bit words find them, since blocks of 18, 34 or 210 bytes are not
// aligned to any.
//
// A row of `n` inputs is a whole number of uvec4 (the end is padding), made of planes of words:
//   f32, f16, bf16  the elements
//   q8_0            int8 q[n]; f16 d[n / 32]
//   q4_0            4-bit q[n], two's complement, the first in the lowest bits; f16 d[n / 32]
//   q4_k            4-bit q[n]; per 256: f16 d, f16 dmin, uint8 (scale, min)[8]
//   q6_k            low 4 bits of q[n]; high 2 bits of q[n]; int8 scale[n / 16]; f16 d[n / 256]
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/dtype.h"

namespace unmask::tensor {

// `inputs` is a multiple of 8 and of the type's block.
uint64_t device_row_bytes(DType type, uint64_t inputs);

// From one row as a file has it to one on the device; the padding is left alone.
void lay_out_row(DType type, uint64_t inputs, const std::byte* row, std::byte* device_row);

}  // namespace unmask::tensor
