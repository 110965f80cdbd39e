// Weights as f32. A weight buffer is declared `uint w[]` in every variant; weight_unpack(w[i]) gives the
// weights_per_word consecutive elements of word i. f16 and bf16 stay packed because the base path has no 16-bit
// storage.
#ifndef WEIGHTS_GLSL
#define WEIGHTS_GLSL

#if defined(VARIANT_F32)
const uint weights_per_word = 1;
vec2 weight_unpack(uint word) { return vec2(uintBitsToFloat(word), 0.0); }
#elif defined(VARIANT_F16)
const uint weights_per_word = 2;
vec2 weight_unpack(uint word) { return unpackHalf2x16(word); }
#elif defined(VARIANT_BF16)
const uint weights_per_word = 2;
vec2 weight_unpack(uint word) { return vec2(uintBitsToFloat(word << 16), uintBitsToFloat(word & 0xFFFF0000u)); }
#endif

#endif
