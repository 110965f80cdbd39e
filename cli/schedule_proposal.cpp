#include "schedule_proposal.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "handles.h"

namespace cli {

std::string propose_schedule(std::span<const double> costs, double share) {
  std::vector<size_t> order(costs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return costs[a] < costs[b]; });
  const auto bins = static_cast<double>(costs.size());
  const auto light_bins = std::min(costs.size(), static_cast<size_t>(std::ceil(share * bins - 1e-9)));
  if (light_bins == 0) return "H";
  if (light_bins == costs.size()) return "L";
  std::vector<bool> light(costs.size());
  for (size_t i = 0; i < light_bins; ++i) light[order[i]] = true;
  std::string schedule;
  for (size_t begin = 0, end = 0; begin < light.size(); begin = end) {
    while (end < light.size() && light[end] == light[begin]) ++end;
    schedule += fmt::format("{}{}{}", begin > 0 ? "," : "", light[begin] ? 'L' : 'H',
                            static_cast<double>(end - begin) / bins);
  }
  return schedule;
}

double share_of_steps(double saved, double heavy_flops, double light_flops) {
  const double most = 1 - light_flops / heavy_flops;
  if (saved <= most) return saved / most;
  throw Failure(
      fmt::format("{:.1f}% of the FLOPs cannot be saved: the light model alone saves {:.1f}%. Ask for less "
                  "with --flops-saved.",
                  100 * saved, 100 * most));
}

}  // namespace cli
