#include "kernels/add_bias.h"

#include "kernels/twins.h"

namespace unmask::twins {

void add_bias(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::add_bias::Push>();
  const auto bias = view<const float>(d, "bias");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    for (uint32_t i = 0; i < push.dim; ++i)
      y[r * push.dim + i] = static_cast<float>(double{y[r * push.dim + i]} + bias[i]);
  }
}

}  // namespace unmask::twins
