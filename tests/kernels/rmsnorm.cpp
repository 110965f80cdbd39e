#include "kernels/rmsnorm.h"

#include "kernels/twins.h"

namespace unmask::twins {

void rmsnorm(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::rmsnorm::Push>();
  const auto x = view<const float>(d, "x");
  const auto w = view<const float>(d, "w");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    double squares = 0;
    for (uint32_t i = 0; i < push.dim; ++i) squares += double{x[r * push.dim + i]} * x[r * push.dim + i];
    const double norm = std::sqrt(squares / push.dim + push.eps);
    for (uint32_t i = 0; i < push.dim; ++i)
      y[r * push.dim + i] = static_cast<float>(x[r * push.dim + i] / norm * w[i]);
  }
}

}  // namespace unmask::twins
