#include "cache/delayed_keys.h"

#include <algorithm>

namespace unmask::cache {

namespace {

constexpr uint32_t published_steps = 8;

// The steps that begin a block compute everything: nothing in it has stood for a step yet.
constexpr uint32_t first_delayed_step = 2;

bool is_settled(const SequenceView& view, ShiftType type, uint32_t position) {
  const bool own = !view.masked(position);
  if (!view.shifted_logits) return own;
  const bool next = position + 1 == view.length || !view.masked(position + 1);
  if (type == ShiftType::un) return next;
  return own && (type == ShiftType::right || next);
}

}  // namespace

DelayedKeys::DelayedKeys(const Kind& kind, const PolicyOptions& options)
    : kind_(kind),
      refresh_interval_(options.cache_steps > 0 ? options.cache_steps : published_steps),
      shift_type_(options.shift_type) {}

void DelayedKeys::require_suits(const model::ModelConfig& config) const {
  require_full_attention(config, kind_.name);
}

void DelayedKeys::plan(const SequenceView& view, model::ForwardPlan& plan) {
  const uint32_t step = steps_.next(view);
  std::vector<bool> settled(view.length);
  for (uint32_t i = 0; i < view.length; ++i) settled[i] = is_settled(view, shift_type_, i);

  const bool uses_kept = kind_.answer_is_kept && step >= first_delayed_step && step % refresh_interval_ != 0;
  for (uint32_t i = 0; i < view.length; ++i) {
    const bool frozen = !view.refresh && !frozen_.empty() && frozen_[i];
    const bool asked = std::ranges::binary_search(view.asked, i);
    if (asked || !(frozen || (uses_kept && settled_[i]))) append_rows(view, i, i + 1, plan);
  }
  if (frozen_.empty()) {
    frozen_.resize(view.length);
    for (uint32_t i = 0; kind_.prompt_frozen && i < view.prompt_length; ++i) frozen_[i] = settled[i];
  }
  settled_ = std::move(settled);
}

}  // namespace unmask::cache
