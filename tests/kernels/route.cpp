#include "kernels/route.h"

#include <algorithm>
#include <numeric>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

using Push = kernels::route::Push;

std::vector<double> scores_of(std::span<const float> logits, bool sigmoid) {
  std::vector<double> scores(logits.begin(), logits.end());
  const double largest = *std::ranges::max_element(scores);
  for (double& s : scores) s = sigmoid ? 1 / (1 + std::exp(-s)) : std::exp(s - largest);
  const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
  if (!sigmoid)
    for (double& s : scores) s /= sum;
  return scores;
}

// Numbers from 0 on, those of larger values first, the lower number first among equals.
std::vector<uint32_t> ranked(const std::vector<double>& values) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
  return order;
}

std::vector<uint32_t> open_experts(const Push& push, const std::vector<double>& choices) {
  const uint32_t size = push.expert_count / push.groups;
  std::vector<double> group_choices;
  for (uint32_t g = 0; g < push.groups; ++g) {
    std::vector<double> group(choices.begin() + g * size, choices.begin() + (g + 1) * size);
    std::ranges::sort(group, std::greater());
    group_choices.push_back(group[0] + (size > 1 ? group[1] : 0));
  }
  std::vector<uint32_t> groups = ranked(group_choices);
  groups.resize(push.kept_groups);
  std::ranges::sort(groups);
  std::vector<uint32_t> experts;
  for (const uint32_t g : groups)
    for (uint32_t e = g * size; e < (g + 1) * size; ++e) experts.push_back(e);
  return experts;
}

}  // namespace

void route(const graph::Dispatch& d) {
  const auto push = d.push_as<Push>();
  const auto logits = view<const float>(d, "logits"), bias = view<const float>(d, "bias");
  const auto rows = view<const tensor::Row>(d, "rows");
  const auto experts = view<uint32_t>(d, "experts");
  const auto weights = view<float>(d, "weights");
  for (uint32_t r = 0; r < push.rows; ++r) {
    if (rows[r].slot == tensor::none) {
      std::fill_n(experts.begin() + r * push.chosen, push.chosen, tensor::none);
      std::fill_n(weights.begin() + r * push.chosen, push.chosen, 0.0f);
      continue;
    }
    const auto scores =
        scores_of(logits.subspan(r * push.expert_count, push.expert_count), constant(d, "sigmoid") != 0);
    std::vector<double> choices = scores;
    if (constant(d, "biased") != 0)
      for (uint32_t e = 0; e < push.expert_count; ++e) choices[e] += bias[e];
    const std::vector<uint32_t> open = open_experts(push, choices);
    std::vector<double> open_choices;
    for (const uint32_t e : open) open_choices.push_back(choices[e]);
    const std::vector<uint32_t> order = ranked(open_choices);
    double sum = 0;
    for (uint32_t j = 0; j < push.chosen; ++j) sum += scores[open[order[j]]];
    for (uint32_t j = 0; j < push.chosen; ++j) {
      const uint32_t e = open[order[j]];
      experts[r * push.chosen + j] = e;
      weights[r * push.chosen + j] =
          static_cast<float>(push.scale * scores[e] / (constant(d, "normalised") != 0 ? sum + 1e-20 : 1.0));
    }
  }
}

}  // namespace unmask::twins
