#include "kernels/key_scores.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void key_scores(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::key_scores::Push>();
  for (uint32_t which = 0; which < push.selections; ++which) {
    const tensor::Selection s = view<const tensor::Selection>(d, "selections")[which];
    const auto mean = view<const float>(d, "mean").subspan(size_t{which} * push.dim, push.dim);
    for (uint32_t i = 0; i < s.count; ++i) {
      const uint32_t slot = s.value_begin + i + (i < s.gap_begin ? 0 : s.gap);
      const auto key = view<const float>(d, "keys").subspan(size_t{slot} * push.dim, push.dim);
      double sum = 0;
      for (uint32_t e = 0; e < push.dim; ++e) sum += double{mean[e]} * key[e];
      view<float>(d, "scores")[s.scores_begin + i] = static_cast<float>(sum);
    }
  }
}

}  // namespace unmask::twins
