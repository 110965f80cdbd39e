#include "tensor/weight_layout.h"

#include <cassert>
#include <cstring>

#include "base/error.h"
#include "base/quant.h"

namespace unmask::tensor {
namespace {

// Writes whole numbers of a few bits one after the other, the first in the lowest bits. Eight bits or fewer
// each.
class BitWriter {
 public:
  BitWriter(std::byte* to, uint32_t bits) : to_(to), bits_(bits) {}

  void put(uint32_t value) {
    held_ |= (value & ((1u << bits_) - 1)) << filled_;
    filled_ += bits_;
    if (filled_ < 8) return;
    *to_++ = static_cast<std::byte>(held_);
    held_ = filled_ = 0;
  }

 private:
  std::byte* to_;
  uint32_t bits_, held_ = 0, filled_ = 0;
};

constexpr uint64_t block_elements = 32, k_block_elements = 256;

uint64_t words(uint64_t bytes) { return (bytes + 3) / 4 * 4; }

void lay_out_q8_0(uint64_t inputs, const std::byte* from, std::byte* to) {
  for (uint64_t block = 0; block < inputs / block_elements; ++block, from += 34) {
    std::memcpy(to + block * block_elements, from + 2, block_elements);
    std::memcpy(to + inputs + 2 * block, from, 2);
  }
}

void lay_out_q4_0(uint64_t inputs, const std::byte* from, std::byte* to) {
  BitWriter numbers(to, 4);
  for (uint64_t block = 0; block < inputs / block_elements; ++block, from += 18) {
    std::memcpy(to + inputs / 2 + 2 * block, from, 2);
    // 8 is added to the file's numbers; flipping the highest of four bits takes it away.
    for (uint32_t i = 0; i < 16; ++i) numbers.put(std::to_integer<uint32_t>(from[2 + i]) ^ 8);
    for (uint32_t i = 0; i < 16; ++i) numbers.put(std::to_integer<uint32_t>(from[2 + i]) >> 4 ^ 8);
  }
}

void lay_out_q4_k(uint64_t inputs, const std::byte* from, std::byte* to) {
  BitWriter numbers(to, 4);
  std::byte* scales = to + inputs / 2;
  for (uint64_t block = 0; block < inputs / k_block_elements; ++block, from += 144, scales += 20) {
    const Q4KBlock b = unpack_q4_k(from);
    for (const uint8_t q : b.q) numbers.put(q);
    std::memcpy(scales, &b.d, 2);
    std::memcpy(scales + 2, &b.dmin, 2);
    for (size_t i = 0; i < 8; ++i) {
      scales[4 + 2 * i] = static_cast<std::byte>(b.scale[i]);
      scales[5 + 2 * i] = static_cast<std::byte>(b.min[i]);
    }
  }
}

void lay_out_q6_k(uint64_t inputs, const std::byte* from, std::byte* to) {
  BitWriter lows(to, 4), highs(to + inputs / 2, 2);
  std::byte* scales = to + inputs / 2 + inputs / 4;
  std::byte* factors = scales + inputs / 16;
  for (uint64_t block = 0; block < inputs / k_block_elements; ++block, from += 210) {
    const Q6KBlock b = unpack_q6_k(from);
    for (const uint8_t q : b.q) lows.put(q), highs.put(q >> 4);
    std::memcpy(scales + 16 * block, b.scale, 16);
    std::memcpy(factors + 2 * block, &b.d, 2);
  }
}

uint64_t plane_bytes(DType type, uint64_t inputs) {
  switch (type) {
    case DType::q8_0:
      return inputs + words(inputs / 16);
    case DType::q4_0:
      return inputs / 2 + words(inputs / 16);
    case DType::q4_k:
      return inputs / 2 + inputs / k_block_elements * 20;
    case DType::q6_k:
      return inputs / 2 + inputs / 4 + inputs / 16 + words(inputs / 128);
    default:
      return bytes_of(type, inputs);
  }
}

}  // namespace

uint64_t device_row_bytes(DType type, uint64_t inputs) {
  assert(inputs % 8 == 0 && inputs % info(type).block_elements == 0);
  return (plane_bytes(type, inputs) + 15) / 16 * 16;
}

void lay_out_row(DType type, uint64_t inputs, const std::byte* row, std::byte* device_row) {
  switch (type) {
    case DType::q8_0:
      return lay_out_q8_0(inputs, row, device_row);
    case DType::q4_0:
      return lay_out_q4_0(inputs, row, device_row);
    case DType::q4_k:
      return lay_out_q4_k(inputs, row, device_row);
    case DType::q6_k:
      return lay_out_q6_k(inputs, row, device_row);
    default:
      std::memcpy(device_row, row, bytes_of(type, inputs));
  }
}

}  // namespace unmask::tensor
