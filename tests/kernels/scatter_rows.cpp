#include "kernels/scatter_rows.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void scatter_rows(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::scatter_rows::Push>();
  const auto x = view<const float>(d, "x");
  const auto index = view<const uint32_t>(d, "index");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r)
    for (uint32_t i = 0; i < push.dim && index[r] != tensor::none; ++i)
      y[size_t{index[r]} * push.dim + i] = x[r * push.dim + i];
}

}  // namespace unmask::twins
