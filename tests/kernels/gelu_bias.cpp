#include "kernels/gelu_bias.h"

#include <numbers>

#include "kernels/twins.h"

namespace unmask::twins {

void gelu_bias(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::gelu_bias::Push>();
  const auto bias = view<const float>(d, "bias");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    for (uint32_t i = 0; i < push.dim; ++i) {
      const double v = double{y[r * push.dim + i]} + bias[i];
      const double u = std::sqrt(2 / std::numbers::pi) * (v + 0.044715 * v * v * v);
      y[r * push.dim + i] = static_cast<float>(v / 2 * (1 + std::tanh(u)));
    }
  }
}

}  // namespace unmask::twins
