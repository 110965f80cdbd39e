#include "kernels/guidance.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {

void guidance(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::guidance::Push>();
  const bool other_is_difference = constant(d, "other_is_difference") != 0;
  const auto conditional = view<const float>(d, "conditional");
  const auto other = view<const float>(d, "other");
  const auto candidates = view<const tensor::Candidate>(d, "candidates");
  const auto sequences = view<const tensor::SequenceStep>(d, "sequences");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    const bool guided = candidates[r].unconditional_row != tensor::none;
    const double scale = guided ? double{sequences[candidates[r].sequence].guidance} : 0;
    for (uint32_t i = r * push.dim; i < (r + 1) * push.dim; ++i) {
      const double c = conditional[i], difference = other_is_difference ? other[i] : c - other[i];
      y[i] = static_cast<float>(guided ? c + scale * difference : c);
    }
  }
}

}  // namespace unmask::twins
