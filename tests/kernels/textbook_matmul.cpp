#include "kernels/textbook_matmul.h"

#include "kernels/matmul_twin.h"

namespace unmask::twins {

void textbook_matmul(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::textbook_matmul::Push>();
  const auto x = view<const float>(d, "x");
  const Weights w(d, "w");
  const auto y = view<float>(d, "y");
  for (size_t r = 0; r < push.rows; ++r)
    for (size_t n = 0; n < push.outputs; ++n)
      y[r * push.outputs + n] = static_cast<float>(dot(x, r * push.inputs, w, n * push.inputs, push.inputs));
}

}  // namespace unmask::twins
