#include "kernels/silu_gate.h"

#include "kernels/twins.h"

namespace unmask::twins {

void silu_gate(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::silu_gate::Push>();
  const auto gate_up = view<const float>(d, "gate_up");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    const float* gate = &gate_up[r * 2 * push.ffn];
    const float* up = gate + push.ffn;
    for (uint32_t i = 0; i < push.ffn; ++i)
      y[r * push.ffn + i] = static_cast<float>(gate[i] / (1 + std::exp(-double{gate[i]})) * up[i]);
  }
}

}  // namespace unmask::twins
