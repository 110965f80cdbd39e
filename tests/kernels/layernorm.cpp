#include "kernels/layernorm.h"

#include "kernels/twins.h"

namespace unmask::twins {

void layernorm(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::layernorm::Push>();
  const auto x = view<const float>(d, "x");
  const auto w = view<const float>(d, "w");
  const auto b = view<const float>(d, "b");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    const float* row = &x[r * push.dim];
    double mean = 0, variance = 0;
    for (uint32_t i = 0; i < push.dim; ++i) mean += double{row[i]} / push.dim;
    for (uint32_t i = 0; i < push.dim; ++i) variance += (row[i] - mean) * (row[i] - mean) / push.dim;
    for (uint32_t i = 0; i < push.dim; ++i)
      y[r * push.dim + i] =
          static_cast<float>((row[i] - mean) / std::sqrt(variance + push.eps) * w[i] + b[i]);
  }
}

}  // namespace unmask::twins
