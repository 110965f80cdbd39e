// The fused head from its definition: all logits of a partial, then their statistics.
#pragma once

#include <algorithm>

#include "kernels/matmul_twin.h"
#include "tensor/head.h"
#include "tensor/layouts.h"

namespace unmask::twins {

struct Logit {
  uint32_t token;
  double z, noised;
};

// The first of the largest.
template <typename Key>
const Logit& largest(const std::vector<Logit>& logits, Key key) {
  return *std::ranges::max_element(logits, [&](const Logit& a, const Logit& b) { return key(a) < key(b); });
}

inline tensor::HeadPartial summarise(const std::vector<Logit>& logits) {
  const Logit& best = largest(logits, [](const Logit& l) { return l.z; });
  const Logit& noised = largest(logits, [](const Logit& l) { return l.noised; });
  double runner_up = -INFINITY, sum = 0, weighted = 0;
  for (const Logit& l : logits) {
    if (&l != &best) runner_up = std::max(runner_up, l.z);
    if (l.z == -INFINITY) continue;
    sum += std::exp(l.z - best.z);
    weighted += std::exp(l.z - best.z) * (l.z - best.z);
  }
  const auto f = [](double v) { return static_cast<float>(v); };
  return {f(best.z),   best.token,       f(runner_up), f(sum),
          f(weighted), f(noised.noised), noised.token, f(noised.z)};
}

template <typename K>
void head_partials(const graph::Dispatch& d, uint32_t partial_tokens) {
  const auto push = d.push_as<typename K::Push>();
  const auto x = view<const float>(d, "x");
  const Weights w(d, "w", push.inputs);
  const auto candidates = view<const tensor::Candidate>(d, "candidates");
  const auto sequences = view<const tensor::SequenceStep>(d, "sequences");
  const auto partials = view<tensor::HeadPartial>(d, "partials");
  const bool noise = constant(d, "noise") != 0;
  for (size_t r = 0; r < push.rows; ++r) {
    const tensor::Candidate& c = candidates[r];
    const tensor::SequenceStep& s = sequences[c.sequence];
    std::vector<Logit> logits;
    for (uint32_t n = 0; n < push.outputs; ++n) {
      const uint32_t token = push.first_token + n;
      const bool suppressed = token == s.suppressed0 || token == s.suppressed1;
      const double z = suppressed ? -INFINITY : dot(x, r * push.inputs, w, n, push.inputs);
      const double gumbel =
          noise && s.temperature > 0
              ? s.temperature * gumbel_noise(s.seed_low, s.seed_high, s.masks_left, c.position, token,
                                             c.times_remasked, s.coarse_noise)
              : 0;
      logits.push_back({token, z, z + gumbel});
      if (logits.size() == partial_tokens || n + 1 == push.outputs) {
        partials[r * push.partial_count + token / partial_tokens] = summarise(logits);
        logits.clear();
      }
    }
  }
}

}  // namespace unmask::twins
