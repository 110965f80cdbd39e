// The distribution of one row over some tokens, and how two of them merge. Mirrors tensor::HeadPartial
// (runtime/tensor/head.h). Merging in a fixed order gives the same bits however the vocabulary was split.
#ifndef HEAD_PARTIAL_GLSL
#define HEAD_PARTIAL_GLSL

struct HeadPartial {
  float best;  // largest logit
  uint token;  // its lowest token
  float runner_up;
  float sum;       // of exp(z - best)
  float weighted;  // sum of exp(z - best) * (z - best)
  float noised;    // largest logit with noise
  uint noised_token;
  float noised_logit;  // its logit without noise
};

#define minus_infinity uintBitsToFloat(0xFF800000u)

// exp of less is not worth a bit of any sum, and minus infinity itself would become 0 * infinity in `weighted`.
const float least_exponent = -87.0;
float exponent_below(float z, float best) { return max(z - max(best, -3.4028234e38), least_exponent); }

HeadPartial empty_partial(uint token) {
  return HeadPartial(minus_infinity, token, minus_infinity, 0.0, 0.0, minus_infinity, token, minus_infinity);
}

HeadPartial merge(HeadPartial a, HeadPartial b) {
  const bool second = b.best > a.best || (b.best == a.best && b.token < a.token);
  const bool second_noised = b.noised > a.noised || (b.noised == a.noised && b.noised_token < a.noised_token);
  const float best = max(a.best, b.best);
  const float shift_a = exponent_below(a.best, best), scale_a = exp(shift_a);
  const float shift_b = exponent_below(b.best, best), scale_b = exp(shift_b);
  return HeadPartial(best, second ? b.token : a.token,
                     max(min(a.best, b.best), max(a.runner_up, b.runner_up)),
                     a.sum * scale_a + b.sum * scale_b,
                     (a.weighted + a.sum * shift_a) * scale_a + (b.weighted + b.sum * shift_b) * scale_b,
                     max(a.noised, b.noised), second_noised ? b.noised_token : a.noised_token,
                     second_noised ? b.noised_logit : a.noised_logit);
}

#endif
