#include "kernels/expert_sum.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void expert_sum(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::expert_sum::Push>();
  const auto x = view<const float>(d, "x"), weights = view<const float>(d, "weights");
  const auto places = view<const uint32_t>(d, "places");
  const auto y = view<float>(d, "y");
  for (size_t r = 0; r < push.rows; ++r)
    for (size_t i = 0; i < push.dim; ++i) {
      double sum = constant(d, "accumulate") != 0 ? y[r * push.dim + i] : 0;
      for (size_t c = r * push.chosen; c < (r + 1) * push.chosen; ++c)
        if (places[c] != tensor::none) sum += double{weights[c]} * x[places[c] * size_t{push.dim} + i];
      y[r * push.dim + i] = static_cast<float>(sum);
    }
}

}  // namespace unmask::twins
