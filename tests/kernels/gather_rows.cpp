#include "kernels/gather_rows.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void gather_rows(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::gather_rows::Push>();
  const auto x = view<const float>(d, "x");
  const auto index = view<const uint32_t>(d, "index");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r)
    for (uint32_t i = 0; i < push.dim; ++i)
      y[r * push.dim + i] = index[r] == tensor::none ? 0.0f : x[size_t{index[r]} * push.dim + i];
}

}  // namespace unmask::twins
