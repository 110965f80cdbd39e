// In which steps of a sampler it matters which of two models takes them (Sedykh et al. 2026, arXiv
// 2604.02340).
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "analyze_data.h"

namespace cli {

struct Estimate {
  double mean, half_width;  // of the 95% interval
};

Estimate estimate(std::span<const double> values);

// Texts of which each token is masked with probability `time`; means over texts of the mean over masked
// tokens, in nats.
struct StepImportance {
  double time;
  Estimate heavy_loss;  // -log p of the token that was there
  Estimate loss_gap;    // the light model's loss less the heavy one's
  Estimate divergence;  // KL(heavy || light)
};

// Masks texts, and asks models about them. Reproducible by its seed.
class Masking {
 public:
  explicit Masking(uint64_t seed) : engine_(seed) {}

  StepImportance compare(const unmask_model* heavy, const unmask_model* light,
                         std::span<const AnalyzedText> texts, double time);

  // A bound of the log-probability of a text's tokens after the prompt, per token: the mean over `draws`
  // times.
  double log_likelihood(const unmask_model* model, std::span<const int32_t> canvas, size_t prompt_length,
                        int draws);

 private:
  std::vector<size_t> mask(std::vector<int32_t>& canvas, size_t prompt_length, double time,
                           int32_t mask_token);
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  std::mt19937_64 engine_;
};

}  // namespace cli
