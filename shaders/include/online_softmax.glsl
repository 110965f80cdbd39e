// The online softmax (Milakov and Gimelshein, 2018; Dao et al., "FlashAttention") of one row, kept by an invocation in
// registers. The including shader defines `step_slots`, how many slots one step adds, and `elements`, how many
// elements of the head this invocation holds, the last ones padded with zeros.
#ifndef ONLINE_SOFTMAX_GLSL
#define ONLINE_SOFTMAX_GLSL

const float minus_infinity = -1.0 / 0.0;

float query[elements];
float sum[elements];  // of values, weighted relative to `largest`
float largest = minus_infinity;
float normaliser = 0.0;
float scores[step_slots];

// Bit i: slot begin_of_tile + i is in [begin, end).
uint range_mask(uint begin, uint end, uint begin_of_tile, uint slots) {
  const uint low = clamp(begin, begin_of_tile, begin_of_tile + slots) - begin_of_tile;
  const uint high = clamp(end, begin_of_tile, begin_of_tile + slots) - begin_of_tile;
  return high > low ? (1u << high) - (1u << low) : 0;
}

// From scores to weights relative to the new maximum; rescales what was summed before.
void soften(uint mask, float scale) {
  float next = largest;
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    scores[s] = (mask >> s & 1) != 0 ? scores[s] * scale : minus_infinity;
    next = max(next, scores[s]);
  }
  // Before the first slot both are minus infinity.
  const float rescale = largest == next ? 1.0 : exp(largest - next);
  largest = next;
  precise float added = normaliser * rescale;
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    scores[s] = (mask >> s & 1) != 0 ? exp(scores[s] - next) : 0.0;
    added += scores[s];
  }
  normaliser = added;
  [[unroll]] for (uint i = 0; i < elements; ++i) sum[i] *= rescale;
}

float normalised(uint i) { return normaliser > 0.0 ? sum[i] / normaliser : 0.0; }

#endif
