#include "kernels/head_norm.h"

#include "kernels/twins.h"

namespace unmask::twins {

void head_norm(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::head_norm::Push>();
  const auto q_weight = view<const float>(d, "q_weight");
  const auto k_weight = view<const float>(d, "k_weight");
  const auto qkv = view<float>(d, "qkv");
  for (uint32_t r = 0; r < push.rows; ++r) {
    for (uint32_t head = 0; head < push.heads + push.kv_heads; ++head) {
      const auto x =
          qkv.subspan((r * (push.heads + 2 * push.kv_heads) + head) * push.head_dim, push.head_dim);
      const auto w = head < push.heads ? q_weight : k_weight;
      double squares = 0;
      for (const float value : x) squares += double{value} * value;
      const double norm = std::sqrt(squares / push.head_dim + push.eps);
      for (uint32_t i = 0; i < push.head_dim; ++i) x[i] = static_cast<float>(x[i] / norm * w[i]);
    }
  }
}

}  // namespace unmask::twins
