// dKV-Cache (Ma et al. 2025, arXiv 2505.15781): keys and values change sharply in the step after a token was
// written, and little from then on. A position is therefore settled one step after its token appeared, and
// from then on its kept keys and values are used, until the next refresh.
#pragma once

#include <vector>

#include "cache/policy.h"

namespace unmask::cache {

class DelayedKeys final : public Policy {
 public:
  struct Kind {
    const char* name;     // the policy's, for its refusal
    bool prompt_frozen;   // the prompt is computed once, in the first step
    bool answer_is_kept;  // otherwise all rows of the answer are computed in every step
  };

  DelayedKeys(const Kind& kind, const PolicyOptions& options);

  void require_suits(const model::ModelConfig& config) const override;
  void plan(const SequenceView& view, model::ForwardPlan& plan) override;
  Kept keeps() const override { return Kept::keys; }

 private:
  Kind kind_;
  uint32_t refresh_interval_;
  ShiftType shift_type_;
  BlockSteps steps_;
  std::vector<bool> frozen_;   // per position; empty before the first step
  std::vector<bool> settled_;  // before the step before this one
};

}  // namespace unmask::cache
