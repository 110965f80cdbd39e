// The products of experts from their definition, for the twins of all kernels that compute them.
#pragma once

#include "kernels/matmul_twin.h"
#include "tensor/layouts.h"

namespace unmask::twins {

template <typename K>
void expert_product(const graph::Dispatch& d) {
  const auto push = d.push_as<typename K::Push>();
  const auto x = view<const float>(d, "x");
  const Weights w(d, "w", push.inputs);
  const auto y = view<float>(d, "y");
  for (const tensor::ExpertTile& tile : view<const tensor::ExpertTile>(d, "tiles").first(d.grid.y)) {
    if (tile.expert < push.first_expert || tile.expert - push.first_expert >= push.experts) continue;
    const size_t first_output = size_t{tile.expert - push.first_expert} * push.outputs;
    for (size_t p = tile.begin; p < tile.end; ++p)
      for (size_t n = 0; n < push.outputs; ++n)
        y[p * push.y_stride + push.y_offset + n] =
            static_cast<float>(dot(x, p * push.inputs, w, first_output + n, push.inputs));
  }
}

}  // namespace unmask::twins
