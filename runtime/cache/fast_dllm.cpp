#include "cache/fast_dllm.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::cache {

void FastDllm::require_suits(const model::ModelConfig& config) const {
  require(
      config.block_length == 0, Status::unsupported,
      "The cache policy '{}' approximates attention in which every row sees every key; in this model it is "
      "causal between blocks. Use 'block', which is exact there.",
      name_);
}

void FastDllm::plan(const SequenceView& view, model::ForwardPlan& plan) {
  const Block block = {view.base_slot, view.window_begin, view.window_end};
  if (block != block_) {
    append_rows(view, 0, view.length, plan);
    block_ = block;
    return;
  }
  const uint32_t end = active_ == Active::block ? view.window_end : view.length;
  append_rows(view, std::min(view.window_begin, view.first_asked), end, plan);
}

}  // namespace unmask::cache
