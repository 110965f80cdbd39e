// Eight consecutive elements of a row-major weight whose rows are multiples of eight, read as whole uvec4 words:
// software drivers and many GPUs pay per load, not per byte. The including shader declares `uvec4 w[]`.
#ifndef WEIGHT_BLOCK_GLSL
#define WEIGHT_BLOCK_GLSL

#include "weights.glsl"

const uint block_words = 2 / weights_per_word;  // uvec4 words of one block of eight

// first: index of the block's first uvec4.
void read_weight_block(uint first, out float block[8]) {
#if defined(VARIANT_F32)
  const vec4 low = uintBitsToFloat(w[first]);
  const vec4 high = uintBitsToFloat(w[first + 1]);
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    block[i] = low[i];
    block[4 + i] = high[i];
  }
#else
  const uvec4 packed = w[first];
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    const vec2 pair = weight_unpack(packed[i]);
    block[2 * i] = pair.x;
    block[2 * i + 1] = pair.y;
  }
#endif
}

#endif
