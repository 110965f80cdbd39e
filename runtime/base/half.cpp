#include "base/half.h"

namespace unmask {
namespace {

constexpr uint32_t f32_infinity = 0x7f800000;

// value / 2^bits, rounded to nearest with ties to even; bits is 1 to 31.
uint32_t shift_right_rounded(uint32_t value, int bits) {
  const uint32_t half = 1u << (bits - 1);
  const uint32_t odd = (value >> bits) & 1;
  return (value + half - 1 + odd) >> bits;
}

}  // namespace

float float_from_f16(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = (bits >> 10) & 31;
  const uint32_t fraction = bits & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  if (exponent == 31) return std::bit_cast<float>(sign | f32_infinity | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t f16_from_float(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > f32_infinity) return static_cast<uint16_t>(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
  if (magnitude >= std::bit_cast<uint32_t>(65520.0f)) return static_cast<uint16_t>(sign | 0x7c00);
  if (magnitude >= std::bit_cast<uint32_t>(0x1p-14f)) {
    // A carry out of the fraction runs into the exponent, which is the next binade: what rounding wants.
    return static_cast<uint16_t>(sign | (shift_right_rounded(magnitude, 13) - (112u << 10)));
  }
  // Subnormal in f16: the fraction with its hidden one, in units of 2^-24. Below 2^-25 everything is zero.
  const int exponent = static_cast<int>(magnitude >> 23);
  if (exponent < 102) return sign;
  const uint32_t fraction = (magnitude & 0x7fffff) | 0x800000;
  return static_cast<uint16_t>(sign | shift_right_rounded(fraction, 126 - exponent));
}

uint16_t bf16_from_float(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > f32_infinity) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace unmask
