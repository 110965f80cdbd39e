// Fast-dLLM's approximate caches (Wu et al. 2025, arXiv 2505.22618): keys and values outside the active rows
// change little while one block is denoised, so they are computed with the block's first step and kept until
// the next block's.
//
// That first pass is a step like any other: it computes all rows, and its logits fill masks. Rows are
// overwritten in place. With logits shifted by one the row before the block stays active while it predicts
// the block's first token.
#pragma once

#include "cache/policy.h"

namespace unmask::cache {

class FastDllm final : public Policy {
 public:
  enum class Active { block_and_suffix, block };

  // `name`: the policy's, for its refusal.
  FastDllm(const char* name, Active active) : name_(name), active_(active) {}

  void require_suits(const model::ModelConfig& config) const override;
  void plan(const SequenceView& view, model::ForwardPlan& plan) override;
  Positions plan_states(const SequenceView& view, model::ForwardPlan& plan) override;
  uint32_t most_state_rows(const model::ModelConfig& config, uint32_t length, uint32_t block) const override;
  bool states_follow_a_step() const override { return true; }
  Kept keeps() const override { return Kept::keys; }

 private:
  uint32_t active_end(const SequenceView& view) const;

  const char* name_;
  Active active_;
  BlockSteps steps_;
};

}  // namespace unmask::cache
