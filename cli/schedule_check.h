// What a schedule of two models costs, and what becomes of the texts.
#pragma once

#include <string>
#include <vector>

#include "step_importance.h"

namespace cli {

struct CheckSettings {
  unmask_model *heavy, *light;
  unmask_options* options;  // for both models; seed and schedule are set in it
  std::string strategy;
  int64_t seed;  // of the first text; each further one has the next
  size_t batch;
};

struct CheckedTexts {
  std::vector<double> scores;  // per text: 1 or 0 by its matcher, or without one the mean log-likelihood of
                               // its tokens under the heavy model
  std::vector<double> flops;   // per text, of both models
};

// Whether the texts are judged by matchers; otherwise by likelihood.
bool has_matchers(const std::vector<AnalyzedText>& texts);

// Writes a text of its own for each of `texts`, after its prompt and as long.
CheckedTexts check_schedule(const CheckSettings& settings, const std::vector<AnalyzedText>& texts,
                            const std::string& schedule);

}  // namespace cli
