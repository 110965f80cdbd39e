#include "kernels/filtered_sample.h"

#include <algorithm>
#include <numeric>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

using tensor::Candidate;
using tensor::SequenceStep;

// Tokens that can be sampled, most likely first, ties to the lower id.
std::vector<uint32_t> sorted_tokens(std::span<const float> z, const SequenceStep& sequence) {
  std::vector<uint32_t> tokens(z.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  std::erase_if(tokens, [&](uint32_t t) {
    return t == sequence.suppressed0 || t == sequence.suppressed1 || z[t] == -INFINITY;
  });
  std::ranges::stable_sort(tokens, [&](uint32_t a, uint32_t b) { return z[a] > z[b]; });
  return tokens;
}

std::vector<uint32_t> kept_tokens(std::span<const float> z, const SequenceStep& sequence) {
  std::vector<uint32_t> tokens = sorted_tokens(z, sequence);
  if (tokens.empty()) return tokens;
  const auto mass = [&](uint32_t t) {
    return std::exp((double{z[t]} - z[tokens[0]]) / sequence.temperature);
  };
  double total = 0, before = 0;
  for (const uint32_t t : tokens) total += mass(t);
  size_t kept = 0;
  for (; kept < tokens.size(); before += mass(tokens[kept++])) {
    if (sequence.top_p < 1 && before > double{sequence.top_p} * total) break;
    if (sequence.top_k > 0 && kept == sequence.top_k) break;
  }
  tokens.resize(kept);
  return tokens;
}

uint32_t sampled(std::span<const float> z, const std::vector<uint32_t>& kept, const SequenceStep& s,
                 const Candidate& c) {
  double best_score = -INFINITY;
  uint32_t best = tensor::none;
  for (const uint32_t t : kept) {
    const double score = z[t] + s.temperature * gumbel_noise(s.seed_low, s.seed_high, s.masks_left,
                                                             c.position, t, c.times_remasked);
    if (score > best_score || (score == best_score && t < best)) best_score = score, best = t;
  }
  return best;
}

}  // namespace

void filtered_sample(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::filtered_sample::Push>();
  const auto candidates = view<const Candidate>(d, "candidates");
  const auto sequences = view<const SequenceStep>(d, "sequences");
  const auto stats = view<tensor::TokenStats>(d, "stats");
  for (uint32_t i = 0; i < push.rows; ++i) {
    const Candidate& candidate = candidates[push.first_row + i];
    if (candidate.slot == tensor::none) continue;
    const SequenceStep& sequence = sequences[candidate.sequence];
    if (sequence.temperature == 0 || (sequence.top_k == 0 && sequence.top_p >= 1)) continue;
    const auto z = view<const float>(d, "logits").subspan(size_t{i} * push.vocabulary, push.vocabulary);
    const uint32_t token = sampled(z, kept_tokens(z, sequence), sequence, candidate);
    if (token == tensor::none) continue;
    stats[push.first_row + i].token = token;
    stats[push.first_row + i].logit = z[token];
  }
}

}  // namespace unmask::twins
