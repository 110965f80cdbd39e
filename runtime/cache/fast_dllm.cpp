#include "cache/fast_dllm.h"

#include <algorithm>

namespace unmask::cache {

void FastDllm::require_suits(const model::ModelConfig& config) const {
  require_full_attention(config, name_);
}

void FastDllm::plan(const SequenceView& view, model::ForwardPlan& plan) {
  if (steps_.next(view) == 0) return append_rows(view, 0, view.length, plan);
  const uint32_t end = active_ == Active::block ? view.window_end : view.length;
  append_rows(view, std::min(view.window_begin, view.asked.front()), end, plan);
}

}  // namespace unmask::cache
