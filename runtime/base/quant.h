// The formats of weights, from floats and back: `values` are whole blocks, `blocks` the bytes of a file, at
// any alignment. base/dtype.h has their table; use these through it.
//
// A block of q8_0 or q4_0 is one scale d for 32 elements, x = d q with whole numbers q. The "K" formats have
// blocks of 256 in sub-blocks that have small whole numbers for scales, which d scales in turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace unmask {

#define UNMASK_WEIGHT_FORMAT(name)                                        \
  void quantise_##name(std::span<const float> values, std::byte* blocks); \
  void dequantise_##name(const std::byte* blocks, std::span<float> values);

UNMASK_WEIGHT_FORMAT(f32)
UNMASK_WEIGHT_FORMAT(f16)
UNMASK_WEIGHT_FORMAT(bf16)
UNMASK_WEIGHT_FORMAT(q8_0)  // f16 d, int8 q[32]
UNMASK_WEIGHT_FORMAT(q4_0)  // f16 d, 4-bit q + 8: low halves of 16 bytes are elements 0 to 15, high 16 to 31
UNMASK_WEIGHT_FORMAT(q4_k)  // f16 d, f16 dmin, 6-bit (scale, min)[8], 4-bit q: x = d scale q - dmin min
UNMASK_WEIGHT_FORMAT(q6_k)  // 6-bit q + 32 in two planes, int8 scale[16], f16 d: x = d scale q

#undef UNMASK_WEIGHT_FORMAT

// What a block of q4_k or q6_k says, unpacked: for those who lay weights out in another order.
struct Q4KBlock {
  uint16_t d, dmin;  // f16
  uint8_t scale[8], min[8];
  uint8_t q[256];  // 0 to 15
};
struct Q6KBlock {
  uint16_t d;  // f16
  int8_t scale[16];
  uint8_t q[256];  // 0 to 63, of which 32 is zero
};
Q4KBlock unpack_q4_k(const std::byte* block);
Q6KBlock unpack_q6_k(const std::byte* block);

}  // namespace unmask
