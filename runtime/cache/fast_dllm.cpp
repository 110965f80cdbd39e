#include "cache/fast_dllm.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::cache {

void FastDllm::require_suits(const model::ModelConfig& config) const {
  require_full_attention(config, name_);
}

void FastDllm::plan(const SequenceView& view, model::ForwardPlan& plan) {
  if (steps_.next(view) == 0) return append_rows(view, 0, view.length, plan);
  append_rows(view, std::min(view.window_begin, view.asked.front()), active_end(view), plan);
}

Positions FastDllm::plan_states(const SequenceView& view, model::ForwardPlan&) {
  return {view.window_begin, active_end(view)};
}

uint32_t FastDllm::most_state_rows(const model::ModelConfig& config, uint32_t length, uint32_t block) const {
  require(
      !config.shifted_logits, Status::unsupported,
      "With the cache policy '{}' and a model that predicts the token after each row, the row before a block "
      "keeps keys that depend on the steps before, so no state of a text can be verified by itself. Use the "
      "cache policy 'none'.",
      name_);
  return active_ == Active::block ? block : length;
}

uint32_t FastDllm::active_end(const SequenceView& view) const {
  return active_ == Active::block ? view.window_end : view.length;
}

}  // namespace unmask::cache
