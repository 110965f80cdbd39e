// What becomes of a drafted token, given what a verifier says of it that did not see it: DualDiffusion (Goyal
// et al. 2026, arXiv 2604.05250) with the verification that it lacks. Its published verifier sees the token
// that it judges, and so finds nearly every one probable.
#pragma once

#include <cstdint>
#include <span>

#include "decode/options.h"
#include "decode/session.h"
#include "tensor/layouts.h"

namespace unmask::decode {

enum class Fate : uint8_t { kept, replaced, masked };

struct Ruling {
  Fate fate;
  int32_t token;      // that stands there afterwards, if it is not masked
  float probability;  // of the drafted token, in the verifier's distribution
  Reason reason;      // of a rejection
  double score;       // of those that are masked again, the largest would be kept first
};

// `times_remasked`: how often the position was masked again before. Throws internal for a verdict that no
// device should give.
Ruling rule_on(int32_t token, const tensor::Verdict& verdict, uint32_t times_remasked,
               const DualOptions& options, const model::ModelConfig& config);

// Of the rulings that mask a token again, the best by score become keeps, until there are at most so many.
void limit_masked(std::span<Ruling> rulings, uint32_t most);

}  // namespace unmask::decode
