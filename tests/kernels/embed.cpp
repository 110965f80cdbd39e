#include "kernels/embed.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void embed(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::embed::Push>();
  const auto tokens = view<const uint32_t>(d, "tokens");
  const auto rows = view<const tensor::Row>(d, "rows");
  const Weights w(d, "w", push.dim);
  const auto x = view<float>(d, "x");
  for (uint32_t r = 0; r < push.rows; ++r) {
    const bool padding = rows[r].slot == tensor::none;
    const uint32_t token = padding ? 0 : tokens[rows[r].slot];
    const bool here = token >= push.first_token && token - push.first_token < push.token_count;
    if (padding ? push.first_token != 0 : !here) continue;
    for (uint32_t i = 0; i < push.dim; ++i)
      x[r * push.dim + i] = padding ? 0.0f : static_cast<float>(w.at(token - push.first_token, i));
  }
}

}  // namespace unmask::twins
