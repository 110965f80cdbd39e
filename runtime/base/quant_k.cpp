// The "K" formats. A quantiser tries a few scales for each sub-block, takes the one whose numbers a least
// squares fit explains best, rounds the scales themselves, and then each number to its nearest neighbour.
#include <array>
#include <limits>

#include "base/half.h"
#include "base/quant.h"
#include "base/quant_bytes.h"

namespace unmask {
namespace {

constexpr size_t super_block_elements = 256, q4_k_bytes = 144, q6_k_bytes = 210;

// --- fits ---

// x = scale q - min with q in [0, most] and min >= 0.
struct Affine {
  float scale = 0, min = 0;
};

float squared_error(std::span<const float> x, std::span<const float> q, Affine a) {
  float sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const float error = a.scale * q[i] - a.min - x[i];
    sum += error * error;
  }
  return sum;
}

// Least squares for given q, by the normal equations.
Affine fit_affine_to(std::span<const float> x, std::span<const float> q) {
  double n = static_cast<double>(x.size()), sq = 0, sqq = 0, sx = 0, sqx = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double xi = x[i], qi = q[i];
    sq += qi, sqq += qi * qi, sx += xi, sqx += qi * xi;
  }
  const double determinant = n * sqq - sq * sq;
  if (determinant <= 0) return {};
  const double scale = (n * sqx - sq * sx) / determinant, offset = (sqq * sx - sq * sqx) / determinant;
  if (offset > 0) return {static_cast<float>(sqx / sqq), 0};
  return {static_cast<float>(scale), static_cast<float>(-offset)};
}

Affine fit_affine(std::span<const float> x, int most) {
  const float low = std::min(0.0f, *std::ranges::min_element(x)), high = *std::ranges::max_element(x);
  if (!(high > low)) return {0, -low};
  std::array<float, 32> q{};
  Affine best{(high - low) / static_cast<float>(most), -low};
  float least = std::numeric_limits<float>::infinity();
  for (int step = -4; step <= 16; ++step) {
    const float to_whole = (static_cast<float>(most) + 0.1f * static_cast<float>(step)) / (high - low);
    for (size_t i = 0; i < x.size(); ++i)
      q[i] = static_cast<float>(whole(std::round((x[i] - low) * to_whole), 0, most));
    const Affine fit = fit_affine_to(x, std::span(q).first(x.size()));
    const float error = squared_error(x, std::span(q).first(x.size()), fit);
    if (error < least && fit.scale > 0) least = error, best = fit;
  }
  return best;
}

// x = scale q with q in [-half, half - 1].
float fit_scale(std::span<const float> x, int half) {
  const float extreme = furthest(x);
  if (extreme == 0 || !std::isfinite(extreme)) return 0;
  float best = -extreme / static_cast<float>(half), most = 0;
  for (int step = -9; step <= 9; ++step) {
    const float to_whole = -(static_cast<float>(half) + 0.1f * static_cast<float>(step)) / extreme;
    float xq = 0, qq = 0;
    for (const float v : x) {
      const auto q = static_cast<float>(whole(std::round(v * to_whole), -half, half - 1));
      xq += v * q, qq += q * q;
    }
    // The squared error is sum x^2 - xq^2 / qq.
    if (qq > 0 && xq * xq / qq > most) most = xq * xq / qq, best = xq / qq;
  }
  return best;
}

// --- q4_k ---

// 6-bit numbers a[8] and b[8] in 12 bytes: the low six bits of bytes 0 to 3 and 4 to 7 are a[0..3] and
// b[0..3], bytes 8 to 11 the low halves of a[4..7] and b[4..7], whose upper two bits fill the first eight
// bytes.
void pack_scales(const uint8_t (&a)[8], const uint8_t (&b)[8], std::byte* to) {
  for (size_t i = 0; i < 4; ++i) {
    store_bytes(to + i, static_cast<uint8_t>(a[i] | a[i + 4] >> 4 << 6));
    store_bytes(to + 4 + i, static_cast<uint8_t>(b[i] | b[i + 4] >> 4 << 6));
    store_bytes(to + 8 + i, static_cast<uint8_t>((a[i + 4] & 15) | (b[i + 4] & 15) << 4));
  }
}

void unpack_scales(const std::byte* from, uint8_t (&a)[8], uint8_t (&b)[8]) {
  for (size_t i = 0; i < 4; ++i) {
    const uint32_t first = byte_at(from, i), second = byte_at(from, 4 + i), third = byte_at(from, 8 + i);
    a[i] = static_cast<uint8_t>(first & 63), b[i] = static_cast<uint8_t>(second & 63);
    a[i + 4] = static_cast<uint8_t>((third & 15) | first >> 6 << 4);
    b[i + 4] = static_cast<uint8_t>(third >> 4 | second >> 6 << 4);
  }
}

void pack_q4_k(const Q4KBlock& from, std::byte* to) {
  store_bytes(to, from.d);
  store_bytes(to + 2, from.dmin);
  pack_scales(from.scale, from.min, to + 4);
  for (size_t i = 0; i < 128; ++i) {
    const size_t low = i / 32 * 64 + i % 32;
    store_bytes(to + 16 + i, static_cast<uint8_t>(from.q[low] | from.q[low + 32] << 4));
  }
}

void quantise_q4_k_block(std::span<const float> x, std::byte* block) {
  std::array<Affine, 8> fits;
  float scale = 0, min = 0;
  for (size_t s = 0; s < 8; ++s) {
    fits[s] = fit_affine(x.subspan(s * 32, 32), 15);
    scale = std::max(scale, fits[s].scale), min = std::max(min, fits[s].min);
  }
  Q4KBlock made{.d = f16_from_float(scale / 63), .dmin = f16_from_float(min / 63)};
  const float d = float_from_f16(made.d), dmin = float_from_f16(made.dmin);
  for (size_t s = 0; s < 8; ++s) {
    made.scale[s] = static_cast<uint8_t>(whole(std::round(fits[s].scale * inverse(d)), 0, 63));
    made.min[s] = static_cast<uint8_t>(whole(std::round(fits[s].min * inverse(dmin)), 0, 63));
    const float to_whole = inverse(d * static_cast<float>(made.scale[s]));
    const float offset = dmin * static_cast<float>(made.min[s]);
    for (size_t i = s * 32; i < s * 32 + 32; ++i)
      made.q[i] = static_cast<uint8_t>(whole(std::round((x[i] + offset) * to_whole), 0, 15));
  }
  pack_q4_k(made, block);
}

void dequantise_q4_k_block(const std::byte* block, std::span<float> x) {
  const Q4KBlock b = unpack_q4_k(block);
  for (size_t i = 0; i < super_block_elements; ++i) {
    const size_t part = i / 32;
    const float scale = float_from_f16(b.d) * static_cast<float>(b.scale[part]);
    const float min = float_from_f16(b.dmin) * static_cast<float>(b.min[part]);
    x[i] = scale * static_cast<float>(b.q[i]) - min;
  }
}

// --- q6_k ---

// Of 128 elements, number i stands in the (i / 64)th half of byte i % 64, its upper two bits in the (i /
// 32)th pair of byte i % 32 of the second plane.
void pack_q6_k(const Q6KBlock& from, std::byte* to) {
  for (size_t i = 0; i < 128; ++i) {
    const uint8_t* q = from.q + i / 64 * 128 + i % 64;
    store_bytes(to + i, static_cast<uint8_t>((q[0] & 15) | (q[64] & 15) << 4));
  }
  for (size_t i = 0; i < 64; ++i) {
    const uint8_t* q = from.q + i / 32 * 128 + i % 32;
    store_bytes(to + 128 + i,
                static_cast<uint8_t>(q[0] >> 4 | q[32] >> 4 << 2 | q[64] >> 4 << 4 | q[96] >> 4 << 6));
  }
  for (size_t i = 0; i < 16; ++i) store_bytes(to + 192 + i, from.scale[i]);
  store_bytes(to + 208, from.d);
}

void quantise_q6_k_block(std::span<const float> x, std::byte* block) {
  std::array<float, 16> fits;
  for (size_t s = 0; s < 16; ++s) fits[s] = fit_scale(x.subspan(s * 16, 16), 32);
  Q6KBlock made{.d = f16_from_float(furthest(fits) / -128)};
  const float d = float_from_f16(made.d);
  for (size_t s = 0; s < 16; ++s) {
    made.scale[s] = static_cast<int8_t>(whole(std::round(fits[s] * inverse(d)), -128, 127));
    const float to_whole = inverse(d * static_cast<float>(made.scale[s]));
    for (size_t i = s * 16; i < s * 16 + 16; ++i)
      made.q[i] = static_cast<uint8_t>(whole(std::round(x[i] * to_whole), -32, 31) + 32);
  }
  pack_q6_k(made, block);
}

void dequantise_q6_k_block(const std::byte* block, std::span<float> x) {
  const Q6KBlock b = unpack_q6_k(block);
  for (size_t i = 0; i < super_block_elements; ++i) {
    const size_t part = i / 16;
    const float scale = float_from_f16(b.d) * static_cast<float>(b.scale[part]);
    x[i] = scale * static_cast<float>(b.q[i] - 32);
  }
}

}  // namespace

Q4KBlock unpack_q4_k(const std::byte* block) {
  Q4KBlock b;
  b.d = load_bytes<uint16_t>(block), b.dmin = load_bytes<uint16_t>(block + 2);
  unpack_scales(block + 4, b.scale, b.min);
  for (size_t i = 0; i < super_block_elements; ++i) {
    const uint32_t pair = byte_at(block, 16 + i / 64 * 32 + i % 32);
    b.q[i] = static_cast<uint8_t>(i % 64 < 32 ? pair & 15 : pair >> 4);
  }
  return b;
}

Q6KBlock unpack_q6_k(const std::byte* block) {
  Q6KBlock b;
  b.d = load_bytes<uint16_t>(block + 208);
  for (size_t i = 0; i < 16; ++i) b.scale[i] = load_bytes<int8_t>(block + 192 + i);
  for (size_t i = 0; i < super_block_elements; ++i) {
    const size_t half = i / 128, in_half = i % 128;
    const uint32_t low = byte_at(block, half * 64 + in_half % 64) >> (in_half / 64 * 4) & 15;
    const uint32_t high = byte_at(block, 128 + half * 32 + in_half % 32) >> (in_half / 32 * 2) & 3;
    b.q[i] = static_cast<uint8_t>(low | high << 4);
  }
  return b;
}

void quantise_q4_k(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); i += super_block_elements, blocks += q4_k_bytes)
    quantise_q4_k_block(values.subspan(i, super_block_elements), blocks);
}
void dequantise_q4_k(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); i += super_block_elements, blocks += q4_k_bytes)
    dequantise_q4_k_block(blocks, values.subspan(i, super_block_elements));
}

void quantise_q6_k(std::span<const float> values, std::byte* blocks) {
  for (size_t i = 0; i < values.size(); i += super_block_elements, blocks += q6_k_bytes)
    quantise_q6_k_block(values.subspan(i, super_block_elements), blocks);
}
void dequantise_q6_k(const std::byte* blocks, std::span<float> values) {
  for (size_t i = 0; i < values.size(); i += super_block_elements, blocks += q6_k_bytes)
    dequantise_q6_k_block(blocks, values.subspan(i, super_block_elements));
}

}  // namespace unmask
