#include "kernels/compare_distributions.h"

#include <algorithm>
#include <limits>

#include "base/rng.h"
#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

using tensor::Judged;
using tensor::SequenceStep;
using tensor::Verdict;

constexpr double infinity = std::numeric_limits<double>::infinity();

// ln softmax(z / temperature), suppressed tokens at minus infinity; all of it where no token is larger.
std::vector<double> log_softmax(std::span<const float> z, double temperature, const SequenceStep& s) {
  std::vector<double> logs(z.size());
  for (uint32_t t = 0; t < z.size(); ++t)
    logs[t] = t == s.suppressed0 || t == s.suppressed1 ? -infinity : z[t] / temperature;
  const double largest = std::ranges::max(logs);
  if (largest == -infinity) return logs;
  double sum = 0;
  for (const double l : logs) sum += std::exp(l - largest);
  for (double& l : logs) l -= largest + std::log(sum);
  return logs;
}

double divergence(const std::vector<double>& log_p, const std::vector<double>& log_q) {
  double sum = 0;
  for (size_t t = 0; t < log_p.size(); ++t) {
    if (log_p[t] == -infinity) continue;
    if (log_q[t] == -infinity) return infinity;
    sum += std::exp(log_p[t]) * (log_p[t] - log_q[t]);
  }
  return sum;
}

double entropy(const std::vector<double>& logs) {
  double sum = 0;
  for (const double l : logs)
    if (l > -infinity) sum -= std::exp(l) * l;
  return sum;
}

uint32_t arg_max(const std::vector<double>& scores) {
  const auto best = std::ranges::max_element(scores);
  return *best > -infinity ? static_cast<uint32_t>(best - scores.begin()) : tensor::none;
}

// ln max(0, q - p); where that is zero everywhere, ln q.
std::vector<double> log_residual(const std::vector<double>& log_p, const std::vector<double>& log_q) {
  std::vector<double> residual(log_q.size(), -infinity);
  for (size_t t = 0; t < residual.size(); ++t)
    if (log_q[t] > log_p[t]) residual[t] = log_q[t] + std::log1p(-std::exp(log_p[t] - log_q[t]));
  return arg_max(residual) == tensor::none ? log_q : residual;
}

uint32_t sampled(std::vector<double> logs, const Judged& j, const SequenceStep& s) {
  for (uint32_t t = 0; t < logs.size(); ++t)
    logs[t] += gumbel_noise(s.seed_low, s.seed_high, s.masks_left, j.position, t, ~j.draw);
  return arg_max(logs);
}

double uniform_noise(const Judged& j, const SequenceStep& s) {
  return uniform_from_bits(
      philox({s.masks_left, j.position, tensor::none, ~j.draw}, {s.seed_low, s.seed_high})[0]);
}

Verdict verdict_of(const std::vector<double>& log_p, const std::vector<double>& log_q, const Judged& j,
                   const SequenceStep& s) {
  const bool drafted = j.draft_row != tensor::none;
  const bool possible = log_p[j.token] > -infinity;
  const double ratio = possible ? std::exp(log_q[j.token] - log_p[j.token]) : 0;
  return {.log_p = drafted ? static_cast<float>(log_p[j.token]) : 0,
          .log_q = static_cast<float>(log_q[j.token]),
          .best_token = arg_max(log_q),
          .best_log_q = static_cast<float>(std::ranges::max(log_q)),
          .divergence = static_cast<float>(divergence(log_p, log_q)),
          .accepted = !drafted || uniform_noise(j, s) < std::min(1.0, ratio) ? 1u : 0u,
          .replacement = sampled(possible ? log_residual(log_p, log_q) : log_q, j, s),
          .entropy = static_cast<float>(entropy(log_q))};
}

}  // namespace

void compare_distributions(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::compare_distributions::Push>();
  const auto judged = view<const Judged>(d, "judged");
  const auto sequences = view<const SequenceStep>(d, "sequences");
  const auto row = [&](std::string_view logits, size_t r) {
    return view<const float>(d, logits).subspan(r * push.vocabulary, push.vocabulary);
  };
  for (uint32_t i = 0; i < push.rows; ++i) {
    const Judged& j = judged[push.first_judged + i];
    if (j.row == tensor::none) continue;
    const SequenceStep& s = sequences[j.sequence];
    const std::vector<double> log_q = log_softmax(row("target", i), j.temperature, s);
    const std::vector<double> log_p = j.draft_row == tensor::none
                                          ? std::vector<double>(push.vocabulary, -infinity)
                                          : log_softmax(row("draft", j.draft_row), j.temperature, s);
    view<Verdict>(d, "verdicts")[push.first_judged + i] = verdict_of(log_p, log_q, j, s);
  }
}

}  // namespace unmask::twins
