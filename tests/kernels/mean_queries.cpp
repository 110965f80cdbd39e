#include "kernels/mean_queries.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void mean_queries(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::mean_queries::Push>();
  const auto q = view<const float>(d, "q");
  const size_t columns = size_t{push.kv_heads} * push.head_dim;
  for (uint32_t which = 0; which < push.selections; ++which) {
    const tensor::Selection s = view<const tensor::Selection>(d, "selections")[which];
    std::vector<double> mean(columns);
    for (uint32_t r = s.first_row; r < s.first_row + s.gap; ++r)
      for (uint32_t h = 0; h < push.heads; ++h)
        for (uint32_t e = 0; e < push.head_dim; ++e)
          mean[h * push.kv_heads / push.heads * push.head_dim + e] +=
              double{q[(size_t{r} * push.heads + h) * push.head_dim + e]} / s.gap;
    for (size_t c = 0; c < columns; ++c)
      view<float>(d, "mean")[which * columns + c] = static_cast<float>(mean[c]);
  }
}

}  // namespace unmask::twins
