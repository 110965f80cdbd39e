#include "kernels/expert_rows.h"

#include <algorithm>

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void expert_rows(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::expert_rows::Push>();
  const auto experts = view<const uint32_t>(d, "experts");
  const auto places = view<uint32_t>(d, "places"), sources = view<uint32_t>(d, "sources");
  const auto tiles = view<tensor::ExpertTile>(d, "tiles");
  std::vector<uint32_t> order;
  for (uint32_t c = 0; c < push.choices; ++c)
    if (experts[c] < push.expert_count) order.push_back(c);
  std::ranges::stable_sort(order, {}, [&](uint32_t c) { return experts[c]; });

  std::fill_n(places.begin(), push.choices, tensor::none);
  std::fill_n(sources.begin(), push.choices, tensor::none);
  std::fill_n(tiles.begin(), push.tile_count, tensor::ExpertTile{tensor::none, 0, 0, 0});
  uint32_t tile = 0;
  for (uint32_t p = 0; p < order.size(); ++p) {
    places[order[p]] = p;
    sources[p] = order[p] / push.chosen;
    const uint32_t expert = experts[order[p]];
    const bool fits = p > 0 && tiles[tile - 1].expert == expert &&
                      tiles[tile - 1].end - tiles[tile - 1].begin < push.tile_rows;
    if (!fits) tiles[tile++] = {expert, p, p, 0};
    tiles[tile - 1].end = p + 1;
  }
}

}  // namespace unmask::twins
