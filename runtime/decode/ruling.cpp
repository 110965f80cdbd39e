#include "decode/ruling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace unmask::decode {

namespace {

bool is_kept(bool is_best, const tensor::Verdict& v, const DualOptions& o) {
  switch (o.rule) {
    case KeepRule::prob:
      return std::exp(v.log_q) >= o.probability;
    case KeepRule::argmax:
      return is_best;
    case KeepRule::kl:
      return v.divergence <= o.divergence;
    default:
      return v.log_q >= std::log(o.ratio) + v.best_log_q;
  }
}

double score_of(const tensor::Verdict& v, KeepRule rule) {
  if (rule == KeepRule::prob) return v.log_q;
  return rule == KeepRule::kl ? -v.divergence : v.log_q - v.best_log_q;
}

}  // namespace

Ruling rule_on(int32_t token, const tensor::Verdict& v, uint32_t times_remasked, const DualOptions& o,
               const model::ModelConfig& config) {
  const auto best = static_cast<int32_t>(v.best_token);
  require(v.best_token < config.vocabulary && best != config.mask_token && !std::isnan(v.log_q),
          Status::internal, "The device found token {} the best; its driver or the model may be defective.",
          v.best_token);
  const bool is_best = best == token;
  Ruling ruling = {.fate = Fate::kept,
                   .token = token,
                   .probability = std::exp(v.log_q),
                   .reason = is_best ? Reason::improbable : Reason::disagrees,
                   .score = score_of(v, o.rule)};
  if (is_kept(is_best, v, o)) return ruling;
  if (std::exp(v.best_log_q) < o.fix_threshold && times_remasked < o.most_rejections) {
    ruling.fate = Fate::masked;
  } else if (!is_best) {
    ruling.fate = Fate::replaced, ruling.token = best;
  }
  return ruling;
}

void limit_masked(std::span<Ruling> rulings, uint32_t most) {
  std::vector<Ruling*> masked;
  for (Ruling& r : rulings)
    if (r.fate == Fate::masked) masked.push_back(&r);
  std::ranges::stable_sort(masked, std::less{}, &Ruling::score);
  for (size_t i = most; i < masked.size(); ++i) masked[i]->fate = Fate::kept;
}

}  // namespace unmask::decode
