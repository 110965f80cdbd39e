// The online softmax (Milakov and Gimelshein, 2018; Dao et al., "FlashAttention") of one row, kept by an invocation in
// registers. The including shader defines `step_slots`, how many slots one step adds, and `elements`, how many
// elements of the head this invocation holds, the last ones padded with zeros.
//
// Weights are 2^f 2^(i - largest), where i + f is a score in units of log 2, and `largest` a whole number. What was
// summed before is rescaled by powers of two alone, which rounds nothing: so the bits of a row depend on its keys and
// their order, and not on where these are stored or how many of them a step adds.
#ifndef ONLINE_SOFTMAX_GLSL
#define ONLINE_SOFTMAX_GLSL

const float log2_e = 1.44269504;
const float most_exponent = 1e9;    // of two, in the size of a score
const int before_the_first = -2000000000;

float query[elements];
float sum[elements];  // of values, weighted relative to `largest`
int largest = before_the_first;
float normaliser = 0.0;
float scores[step_slots];

// Bit i: slot begin_of_tile + i is in [begin, end).
uint range_mask(uint begin, uint end, uint begin_of_tile, uint slots) {
  const uint low = clamp(begin, begin_of_tile, begin_of_tile + slots) - begin_of_tile;
  const uint high = clamp(end, begin_of_tile, begin_of_tile + slots) - begin_of_tile;
  return high > low ? (1u << high) - (1u << low) : 0;
}

// The 32 bits of a 64-bit word from bit `first` on, which may lie outside.
uint bits_from(uvec2 word, int first) {
  if (first <= -32 || first >= 64) return 0;
  if (first < 0) return word.x << -first;
  if (first == 0) return word.x;
  if (first < 32) return word.x >> first | word.y << (32 - first);
  return word.y >> (first - 32);
}

// The slots of a tile that a row sees of one of its ranges.
uint seen_slots(KeyRanges r, uint range, uint begin_of_tile, uint slots) {
  if (range == 0) return range_mask(r.begin0, r.end0, begin_of_tile, slots);
  if (range == 2) return range_mask(r.begin2, r.end2, begin_of_tile, slots);
  const uint all = range_mask(r.begin1, r.end1, begin_of_tile, slots);
  const uvec2 seen = uvec2(r.seen_low, r.seen_high);
  return seen == uvec2(0) ? all : all & bits_from(seen, int(begin_of_tile) - int(r.begin1));
}

float power_of_two(int exponent) { return exponent < -126 ? 0.0 : uintBitsToFloat(uint(exponent + 127) << 23); }

// From scores to weights relative to the new maximum; rescales what was summed before.
void soften(uint mask, float scale) {
  int next = largest;
  int whole[step_slots];
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    precise float score = clamp(scores[s] * (scale * log2_e), -most_exponent, most_exponent);
    precise float below = floor(score);
    scores[s] = score - below;
    whole[s] = int(below);
    if ((mask >> s & 1) != 0) next = max(next, whole[s]);
  }
  const float rescale = power_of_two(largest - next);
  largest = next;
  precise float added = normaliser * rescale;
  [[unroll]] for (uint s = 0; s < step_slots; ++s) {
    scores[s] = (mask >> s & 1) != 0 ? exp2(scores[s]) * power_of_two(whole[s] - next) : 0.0;
    added += scores[s];
  }
  normaliser = added;
  [[unroll]] for (uint i = 0; i < elements; ++i) sum[i] *= rescale;
}

float normalised(uint i) { return normaliser > 0.0 ? sum[i] / normaliser : 0.0; }

#endif
