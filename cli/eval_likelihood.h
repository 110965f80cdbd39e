// Log-likelihoods by masked Monte Carlo.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval_results.h"
#include "eval_run.h"
#include "eval_task.h"
#include "handles.h"

namespace cli {

// A lower bound of the log-probability (natural) of canvas[begin, end) after what stands before it, as
// LLaDA's authors estimate it (Nie et al. 2025, arXiv 2502.09992, algorithm 3): the mean over draws of L / l
// times the log-probabilities of l masked tokens out of L, l uniform from 1 to L. Where attention is causal
// between blocks, each block is such a part after those before it (Arriola et al. 2025, arXiv 2503.09573).
// Reproducible by its seed. Counts its forward passes.
class Likelihood {
 public:
  Likelihood(const unmask_model* model, int32_t draws, uint64_t seed);

  double bound(std::span<const int32_t> canvas, size_t begin);

  int64_t passes() const { return passes_; }
  int64_t rows() const { return rows_; }

 private:
  double bound_of_part(std::span<const int32_t> canvas, size_t begin);
  double masked_log_probability(std::span<const int32_t> canvas, std::span<const size_t> masked);
  double log_probability(std::span<const float> logits, int32_t token) const;

  const unmask_model* model_;
  unmask_model_info info_;
  bool mask_is_written_;  // whether the network's distribution has the mask in it
  int32_t draws_;
  uint64_t seed_;
  int64_t passes_ = 0, rows_ = 0;
  std::vector<float> logits_;
};

// The item's answer by its choices: the text is the likeliest one.
ItemResult likeliest_choice(const EvalRun& run, const EvalItem& item);

}  // namespace cli
