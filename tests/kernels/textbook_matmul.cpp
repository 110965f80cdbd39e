#include "kernels/textbook_matmul.h"

#include "kernels/twins.h"

namespace unmask::twins {

void textbook_matmul(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::textbook_matmul::Push>();
  const auto x = view<const float>(d, "x");
  const auto w = view<const float>(d, "w");
  const auto y = view<float>(d, "y");
  for (size_t r = 0; r < push.rows; ++r)
    for (size_t n = 0; n < push.outputs; ++n) {
      double sum = 0;
      for (size_t k = 0; k < push.inputs; ++k) sum += double{x[r * push.inputs + k]} * w[n * push.inputs + k];
      y[r * push.outputs + n] = static_cast<float>(sum);
    }
}

}  // namespace unmask::twins
