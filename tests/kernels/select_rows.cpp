#include "kernels/select_rows.h"

#include <algorithm>
#include <numeric>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

namespace {

// Whether a score comes before another; what is no number comes last.
bool before(float a, float b) { return !std::isnan(a) && (std::isnan(b) || a > b); }

std::vector<float> pooled(std::span<const float> scores, uint32_t pool) {
  std::vector<float> result;
  for (size_t i = 0; i < scores.size(); ++i) {
    const size_t begin = i - std::min<size_t>(i, pool), end = std::min(i + pool + 1, scores.size());
    result.push_back(std::ranges::min(scores.subspan(begin, end - begin), before));
  }
  return result;
}

}  // namespace

void select_rows(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::select_rows::Push>();
  const auto index = view<uint32_t>(d, "index");
  for (const tensor::Selection& s : view<const tensor::Selection>(d, "selections").first(push.selections)) {
    const std::vector<float> scores =
        pooled(view<const float>(d, "scores").subspan(s.scores_begin, s.count), s.pool);
    std::vector<uint32_t> order(s.count);
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, before, [&](uint32_t i) { return scores[i]; });
    order.resize(std::min(s.kept, s.count));
    std::ranges::sort(order);
    for (size_t i = 0; i < order.size(); ++i)
      index[s.list_begin + i] = s.value_begin + order[i] + (order[i] >= s.gap_begin ? s.gap : 0);
  }
}

}  // namespace unmask::twins
