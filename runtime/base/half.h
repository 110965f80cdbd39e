// The 16-bit floating-point formats of weights and activations, converted one value at a time.
#pragma once

#include <bit>
#include <cstdint>

namespace unmask {

// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. Both directions keep infinities, signed zeros
// and subnormals; a NaN stays a (quiet) NaN with the upper bits of its payload.
float float_from_f16(uint16_t bits);

// Rounds to nearest, ties to even; from 65520 upwards the result is infinite.
uint16_t f16_from_float(float value);

// bfloat16: the upper half of an f32.
inline float float_from_bf16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
uint16_t bf16_from_float(float value);

}  // namespace unmask
