// Counter-based noise: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// Every number is a pure function of (seed, masks left, position, token, times re-masked), so that noise depends
// neither on batching nor on caching. runtime/base/rng.h is the same generator on the host.
#ifndef PHILOX_GLSL
#define PHILOX_GLSL

uvec4 philox_round(uvec4 counter, uvec2 key) {
  uint high0, low0, high1, low1;
  umulExtended(0xD2511F53u, counter.x, high0, low0);
  umulExtended(0xCD9E8D57u, counter.z, high1, low1);
  return uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
}

uvec4 philox(uvec4 counter, uvec2 key) {
  for (uint i = 0; i < 10; ++i) {
    counter = philox_round(counter, key);
    key += uvec2(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// (bits + 1/2) 2^-32, in (0, 1].
float uniform_from_bits(uint bits) { return (float(bits) + 0.5) * (1.0 / 4294967296.0); }

// log(1 + t) for t in [-0.3, 0.42], as 2 atanh(t / (2 + t)); relative error below 4e-7. The built-in log only
// promises an absolute error of 2^-21 near 1.
float log_one_plus(float t) {
  const float s = t / (2.0 + t);
  const float s2 = s * s;
  return 2.0 * s * (1.0 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 * (1.0 / 9)))));
}

// log(value) for a positive normal value.
float accurate_log(float value) {
  const uint bits = floatBitsToUint(value);
  // Split off the exponent such that the mantissa is in [sqrt(1/2), sqrt(2)).
  const int exponent = int(bits - 0x3F3504F3u) >> 23;
  const float mantissa = uintBitsToFloat(bits - (uint(exponent) << 23));
  return float(exponent) * 0.693147180559945 + log_one_plus(mantissa - 1.0);
}

// A unit exponential variable: -log(1 - v) with v = (bits + 1/2) 2^-32. Small v enter the series directly; for the
// others 1 - v comes from the complement of the bits, so nothing cancels and nothing reaches log(0).
float exponential_from_bits(uint bits) {
  const float v = uniform_from_bits(bits);
  return v < 0.29 ? -log_one_plus(-v) : -accurate_log(uniform_from_bits(~bits));
}

float gumbel_from_bits(uint bits) { return -accurate_log(exponential_from_bits(bits)); }

// The standard Gumbel noise of one token at one place; see SequenceStep and Candidate in layouts.glsl. Bits that are set
// in `coarse` carry no randomness.
float gumbel_noise(uvec2 seed, uint masks_left, uint position, uint token, uint times_remasked, uint coarse) {
  return gumbel_from_bits(philox(uvec4(masks_left, position, token, times_remasked), seed).x | coarse);
}

#endif
