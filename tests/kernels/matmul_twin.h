// The matrix product from its definition, for the twins of all kernels that compute it.
#pragma once

#include "kernels/twins.h"

namespace unmask::twins {

// Row `row` of the weight times the row of x that begins at x_begin.
inline double dot(std::span<const float> x, size_t x_begin, const Weights& w, size_t row, uint32_t inputs) {
  double sum = 0;
  for (uint32_t k = 0; k < inputs; ++k) sum += x[x_begin + k] * w.at(row, k);
  return sum;
}

template <typename K>
void product(const graph::Dispatch& d) {
  const auto push = d.push_as<typename K::Push>();
  const auto x = view<const float>(d, "x");
  const Weights w(d, "w", push.inputs);
  const auto y = view<float>(d, "y");
  const bool accumulate = constant(d, "accumulate") != 0;
  for (size_t r = 0; r < push.rows; ++r)
    for (size_t n = 0; n < push.outputs; ++n) {
      float& out = y[r * push.y_stride + push.y_offset + n];
      const double before = accumulate ? out : 0;
      out = static_cast<float>(before + dot(x, r * push.x_stride, w, n, push.inputs));
    }
}

}  // namespace unmask::twins
