#include "kernels/store_differences.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void store_differences(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::store_differences::Push>();
  const auto a = view<const float>(d, "a");
  const auto b = view<const float>(d, "b");
  const auto index = view<const uint32_t>(d, "index");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r)
    for (uint32_t i = 0; i < push.dim && index[r] != tensor::none; ++i)
      y[size_t{index[r]} * push.dim + i] =
          static_cast<float>(double{a[r * push.dim + i]} - b[r * push.dim + i]);
}

}  // namespace unmask::twins
