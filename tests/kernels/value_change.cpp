#include "kernels/value_change.h"

#include <algorithm>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

namespace {

// A vector without a length is its own direction.
std::vector<double> direction(std::span<const float> v) {
  double squares = 0;
  for (const float x : v) squares += double{x} * x;
  const double length = squares > 0 ? std::max(std::sqrt(squares), 1e-8) : 1;
  std::vector<double> unit(v.begin(), v.end());
  for (double& x : unit) x /= length;
  return unit;
}

}  // namespace

void value_change(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::value_change::Push>();
  const auto v = view<const float>(d, "v");
  const auto rows = view<const tensor::Row>(d, "rows");
  const auto values = view<float>(d, "values"), change = view<float>(d, "change");
  for (uint32_t r = 0; r < push.rows; ++r) {
    change[r] = 0;
    if (rows[r].slot == tensor::none || rows[r].keeps_values != 0) continue;
    view<uint32_t>(d, "place")[r] = tensor::none;
    const auto now = v.subspan(size_t{r} * push.dim, push.dim);
    const auto kept = values.subspan(size_t{rows[r].slot} * push.dim, push.dim);
    const std::vector<double> a = direction(now), b = direction(kept);
    double squares = 0;
    for (uint32_t i = 0; i < push.dim; ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
    change[r] = static_cast<float>(squares / 2);
    std::ranges::copy(now, kept.begin());
  }
}

}  // namespace unmask::twins
