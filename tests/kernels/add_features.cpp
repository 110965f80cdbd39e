#include "kernels/add_features.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void add_features(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::add_features::Push>();
  const auto y = view<const float>(d, "y");
  const auto rows = view<const tensor::Row>(d, "rows");
  const auto place = view<const uint32_t>(d, "place");
  const auto features = view<float>(d, "features"), x = view<float>(d, "x");
  for (uint32_t r = 0; r < push.rows; ++r) {
    if (rows[r].slot == tensor::none) continue;
    const uint32_t from = constant(d, "all_computed") != 0 ? r : place[r];
    for (uint32_t i = 0; i < push.dim; ++i) {
      float& kept = features[size_t{rows[r].slot} * push.dim + i];
      if (from != tensor::none) kept = y[size_t{from} * push.dim + i];
      x[size_t{r} * push.dim + i] += kept;
    }
  }
}

}  // namespace unmask::twins
