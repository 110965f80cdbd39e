// The formats of weights: read_weight_block gives eight consecutive elements of a row as f32, exactly what the format
// says. Their scale is read on its own, for on a CPU every load counts and eights in a row share one. The including
// shader declares `uvec4 w[]`, the rows as runtime/tensor/weight_layout.h lays them out: all formats are read as whole
// words, for the base path has no 8 or 16-bit storage.
#ifndef DEQUANT_GLSL
#define DEQUANT_GLSL

// Element `index` of an array of words that begins at uvec4 `row`.
uint word_at(uint row, uint index) { return w[row + index / 4][index % 4]; }

float half_at(uint row, uint first_word, uint index) {
  return unpackHalf2x16(word_at(row, first_word + index / 2) >> index % 2 * 16).x;
}

float signed_byte(uint word, uint index) { return float(int(word << (24 - 8 * index)) >> 24); }
float signed_nibble(uint word, uint index) { return float(int(word << (28 - 4 * index)) >> 28); }
float nibble(uint word, uint index) { return float(int(word >> 4 * index & 15)); }

// weight_row_units: the uvec4 of a row. scale_blocks: the eights in a row that share a WeightScale. In both readers
// `row` is the row's first uvec4 and `block` counts eights.

#if defined(VARIANT_F32)
#define WeightScale float  // none
const uint scale_blocks = 1;
uint weight_row_units(uint inputs) { return inputs / 4; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) { return 1.0; }
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const vec4 low = uintBitsToFloat(w[row + 2 * block]);
  const vec4 high = uintBitsToFloat(w[row + 2 * block + 1]);
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    x[i] = low[i];
    x[4 + i] = high[i];
  }
}
#elif defined(VARIANT_F16) || defined(VARIANT_BF16)
#if defined(VARIANT_F16)
vec2 unpack_pair(uint word) { return unpackHalf2x16(word); }
#else
vec2 unpack_pair(uint word) { return uintBitsToFloat(uvec2(word << 16, word & 0xFFFF0000u)); }
#endif
#define WeightScale float  // none
const uint scale_blocks = 1;
uint weight_row_units(uint inputs) { return inputs / 8; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) { return 1.0; }
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const uvec4 packed = w[row + block];
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    const vec2 pair = unpack_pair(packed[i]);
    x[2 * i] = pair.x;
    x[2 * i + 1] = pair.y;
  }
}
#elif defined(VARIANT_Q8_0)
#define WeightScale float
const uint scale_blocks = 4;
uint weight_row_units(uint inputs) { return (inputs / 4 + (inputs + 32) / 64 + 3) / 4; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) { return half_at(row, inputs / 4, block / 4); }
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const uint low = word_at(row, 2 * block), high = word_at(row, 2 * block + 1);
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    x[i] = scale * signed_byte(low, i);
    x[4 + i] = scale * signed_byte(high, i);
  }
}
#elif defined(VARIANT_Q4_0)
#define WeightScale float
const uint scale_blocks = 4;
uint weight_row_units(uint inputs) { return (inputs / 8 + (inputs + 32) / 64 + 3) / 4; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) { return half_at(row, inputs / 8, block / 4); }
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const uint packed = word_at(row, block);
  [[unroll]] for (uint i = 0; i < 8; ++i) x[i] = scale * signed_nibble(packed, i);
}
#elif defined(VARIANT_Q4_K)
#define WeightScale vec2  // and the least value
const uint scale_blocks = 4;
uint weight_row_units(uint inputs) { return (inputs / 8 + inputs / 256 * 5 + 3) / 4; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) {
  const uint scales = inputs / 8 + block / 32 * 5;
  const vec2 d = unpackHalf2x16(word_at(row, scales));
  const uint pair = word_at(row, scales + 1 + block % 32 / 8) >> block / 4 % 2 * 16;
  return d * vec2(int(pair & 255), int(pair >> 8 & 255));
}
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const uint packed = word_at(row, block);
  [[unroll]] for (uint i = 0; i < 8; ++i) x[i] = scale.x * nibble(packed, i) - scale.y;
}
#elif defined(VARIANT_Q6_K)
#define WeightScale float
const uint scale_blocks = 2;
uint weight_row_units(uint inputs) { return (inputs / 8 + inputs / 16 + inputs / 64 + (inputs + 256) / 512 + 3) / 4; }
WeightScale read_weight_scale(uint row, uint inputs, uint block) {
  const uint scales = inputs / 8 + inputs / 16;
  const uint packed = word_at(row, scales + block / 8);
  return half_at(row, scales + inputs / 64, block / 32) * signed_byte(packed, block / 2 % 4);
}
void read_weight_block(uint row, uint inputs, uint block, WeightScale scale, out float x[8]) {
  const uint low = word_at(row, block), high = word_at(row, inputs / 8 + block / 2) >> block % 2 * 16;
  [[unroll]] for (uint i = 0; i < 8; ++i)
    x[i] = scale * float(int(low >> 4 * i & 15 | (high >> 2 * i & 3) << 4) - 32);
}
#endif

#endif
