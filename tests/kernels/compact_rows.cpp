#include "kernels/compact_rows.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void compact_rows(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::compact_rows::Push>();
  const auto index = view<const uint32_t>(d, "index");
  for (uint32_t i = 0; i < push.count; ++i) {
    tensor::Row row{0, 0, tensor::none, 0};
    tensor::KeyRanges ranges;
    if (index[i] != tensor::none) {
      row = view<const tensor::Row>(d, "rows")[index[i]];
      ranges = view<const tensor::KeyRanges>(d, "ranges")[index[i]];
      view<uint32_t>(d, "place")[index[i]] = i;
    }
    view<tensor::Row>(d, "listed_rows")[i] = row;
    view<tensor::KeyRanges>(d, "listed_ranges")[i] = ranges;
  }
}

}  // namespace unmask::twins
