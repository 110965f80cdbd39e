#include "kernels/rope_store.h"

#include <algorithm>
#include <complex>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

using Push = kernels::rope_store::Push;
using Angle = std::complex<float>;  // (cos, sin)

// Elements i and i + rotary_dim / 2 of a head are the two coordinates of a point that turns.
void rotate_head(const Push& push, const float* from, const Angle* angles, float* to) {
  const uint32_t half = push.rotary_dim / 2;
  for (uint32_t i = 0; i < half; ++i) {
    const std::complex<double> point(from[i], from[i + half]);
    const std::complex<double> turned = point * std::complex<double>(angles[i]);
    to[i] = static_cast<float>(turned.real());
    to[i + half] = static_cast<float>(turned.imag());
  }
  for (uint32_t i = push.rotary_dim; i < push.head_dim; ++i) to[i] = from[i];
}

}  // namespace

void rope_store(const graph::Dispatch& d) {
  const auto push = d.push_as<Push>();
  const auto rows = view<const tensor::Row>(d, "rows");
  const auto table = view<const Angle>(d, "table");
  const auto q = view<float>(d, "q"), keys = view<float>(d, "keys"), values = view<float>(d, "values");
  const size_t kv_width = push.kv_heads * push.head_dim;
  for (uint32_t r = 0; r < push.rows; ++r) {
    const float* from = view<const float>(d, "qkv").data() + r * (push.heads * push.head_dim + 2 * kv_width);
    float* q_row = q.data() + r * push.heads * push.head_dim;
    if (rows[r].slot == tensor::none) {
      std::fill_n(q_row, push.heads * push.head_dim, 0.0f);
      continue;
    }
    const Angle* angles = table.data() + rows[r].position * (push.rotary_dim / 2);
    for (uint32_t h = 0; h < push.heads; ++h, from += push.head_dim)
      rotate_head(push, from, angles, q_row + h * push.head_dim);
    for (uint32_t h = 0; h < push.kv_heads; ++h, from += push.head_dim)
      rotate_head(push, from, angles, keys.data() + rows[r].slot * kv_width + h * push.head_dim);
    if (constant(d, "stores_values") != 0)
      std::copy_n(from, kv_width, values.data() + rows[r].slot * kv_width);
  }
}

}  // namespace unmask::twins
