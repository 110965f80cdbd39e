#include "step_importance.h"

#include <algorithm>
#include <cmath>

namespace cli {

namespace {

// The log-probabilities by which a model predicts positions of a canvas; it never writes a mask.
class Predictions {
 public:
  Predictions(const unmask_model* model, const std::vector<int32_t>& canvas)
      : info_(info_of(model)), logits_(canvas.size() * static_cast<size_t>(info_.vocabulary)) {
    check(unmask_model_logits(model, canvas.data(), static_cast<int64_t>(canvas.size()), logits_.data(),
                              static_cast<int64_t>(logits_.size())));
  }

  // [vocabulary]
  std::vector<double> of(size_t position) const {
    const size_t row = info_.shifted_logits == 1 && position > 0 ? position - 1 : position;
    const auto vocabulary = static_cast<size_t>(info_.vocabulary);
    const auto first = logits_.begin() + static_cast<ptrdiff_t>(row * vocabulary);
    std::vector<double> values(first, first + static_cast<ptrdiff_t>(vocabulary));
    values[static_cast<size_t>(info_.mask_token)] = -INFINITY;
    const double largest = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (const double v : values) sum += std::exp(v - largest);
    for (double& v : values) v -= largest + std::log(sum);
    return values;
  }

 private:
  unmask_model_info info_;
  std::vector<float> logits_;
};

double divergence(const std::vector<double>& log_p, const std::vector<double>& log_q) {
  double sum = 0;
  for (size_t i = 0; i < log_p.size(); ++i)
    if (std::isfinite(log_p[i])) sum += std::exp(log_p[i]) * (log_p[i] - log_q[i]);
  return sum;
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  return {sum / n, n > 1 ? 1.96 * std::sqrt(squares / (n - 1) / n) : INFINITY};
}

StepImportance Masking::compare(const unmask_model* heavy, const unmask_model* light,
                                std::span<const AnalyzedText> texts, double time) {
  std::vector<double> losses, gaps, divergences;
  for (const AnalyzedText& text : texts) {
    std::vector<int32_t> canvas = text.canvas;
    const std::vector<size_t> masked = mask(canvas, text.prompt_length, time, info_of(heavy).mask_token);
    const Predictions of_heavy(heavy, canvas), of_light(light, canvas);
    double loss = 0, gap = 0, kl = 0;
    for (const size_t position : masked) {
      const std::vector<double> p = of_heavy.of(position), q = of_light.of(position);
      const auto token = static_cast<size_t>(text.canvas[position]);
      loss -= p[token], gap += p[token] - q[token], kl += cli::divergence(p, q);
    }
    const auto count = static_cast<double>(masked.size());
    losses.push_back(loss / count), gaps.push_back(gap / count), divergences.push_back(kl / count);
  }
  return {time, estimate(losses), estimate(gaps), estimate(divergences)};
}

// With times spread evenly, the weight 1 / t of the bound cancels against the t L masked tokens.
double Masking::log_likelihood(const unmask_model* model, std::span<const int32_t> canvas,
                               size_t prompt_length, int draws) {
  double sum = 0;
  for (int i = 0; i < draws; ++i) {
    std::vector<int32_t> masked_canvas(canvas.begin(), canvas.end());
    const std::vector<size_t> masked =
        mask(masked_canvas, prompt_length, (i + 0.5) / draws, info_of(model).mask_token);
    const Predictions predictions(model, masked_canvas);
    double log_p = 0;
    for (const size_t position : masked)
      log_p += predictions.of(position)[static_cast<size_t>(canvas[position])];
    sum += log_p / static_cast<double>(masked.size());
  }
  return sum / draws;
}

// Positions that are masked now: one at least, since nothing can be asked about none.
std::vector<size_t> Masking::mask(std::vector<int32_t>& canvas, size_t prompt_length, double time,
                                  int32_t mask_token) {
  std::vector<size_t> masked;
  for (size_t i = prompt_length; i < canvas.size(); ++i)
    if (uniform() < time) masked.push_back(i);
  if (masked.empty())
    masked.push_back(prompt_length +
                     static_cast<size_t>(uniform() * static_cast<double>(canvas.size() - prompt_length)));
  for (const size_t position : masked) canvas[position] = mask_token;
  return masked;
}

}  // namespace cli
