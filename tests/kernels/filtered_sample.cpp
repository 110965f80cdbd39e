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

double scale(const SequenceStep& s) { return s.temperature == 0 ? 1.0 : double{s.temperature}; }

std::vector<uint32_t> kept_tokens(std::span<const float> z, const SequenceStep& sequence) {
  std::vector<uint32_t> tokens = sorted_tokens(z, sequence);
  if (tokens.empty()) return tokens;
  const auto mass = [&](uint32_t t) { return std::exp((double{z[t]} - z[tokens[0]]) / scale(sequence)); };
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
                                                             c.position, t, c.times_remasked, s.coarse_noise);
    if (score > best_score || (score == best_score && t < best)) best_score = score, best = t;
  }
  return best;
}

// `kept` most likely first.
tensor::TokenStats sampled_statistics(std::span<const float> z, const std::vector<uint32_t>& kept,
                                      const SequenceStep& s, uint32_t token) {
  double mass = 0;
  for (const uint32_t t : kept) mass += std::exp(z[t] / scale(s));
  double entropy = 0;
  for (const uint32_t t : kept) {
    const double p = std::exp(z[t] / scale(s)) / mass;
    if (p > 0) entropy -= p * std::log(p);
  }
  const auto scaled = [&](uint32_t t) { return static_cast<float>(z[t] / scale(s)); };
  return {.token = token,
          .logit = scaled(token),
          .log_sum_exp = static_cast<float>(std::log(mass)),
          .entropy = static_cast<float>(entropy),
          .best_token = kept[0],
          .best_logit = scaled(kept[0]),
          .runner_up = kept.size() > 1 ? scaled(kept[1]) : -INFINITY,
          .noised = 0};
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
    const bool ranked_as_sampled = sequence.ranked_as_sampled != 0;
    if (!ranked_as_sampled && (sequence.temperature == 0 || (sequence.top_k == 0 && sequence.top_p >= 1)))
      continue;
    const auto z = view<const float>(d, "logits").subspan(size_t{i} * push.vocabulary, push.vocabulary);
    const std::vector<uint32_t> kept = kept_tokens(z, sequence);
    const uint32_t token = sampled(z, kept, sequence, candidate);
    if (token == tensor::none) continue;
    tensor::TokenStats& of_row = stats[push.first_row + i];
    if (ranked_as_sampled) {
      of_row = sampled_statistics(z, kept, sequence, token);
    } else {
      of_row.token = token;
      of_row.logit = z[token];
    }
  }
}

}  // namespace unmask::twins
