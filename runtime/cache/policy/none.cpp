// No cache: every row that the asked ones depend on is computed in every step. The yardstick of all other
// policies.
#include "cache/policy.h"

namespace unmask::cache {

namespace {

class None final : public Policy {
 public:
  void require_suits(const model::ModelConfig&) const override {}
  bool computes_answer() const override { return true; }
  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    append_rows(view, 0, keys_end(view, view.asked.back()), plan);
  }
  Positions plan_states(const SequenceView& view, model::ForwardPlan&) override {
    return {0, keys_end(view, view.asked.back())};
  }
  uint32_t most_state_rows(const model::ModelConfig&, uint32_t length, uint32_t) const override {
    return length;
  }
  Kept keeps() const override { return Kept::nothing; }
};

}  // namespace

std::unique_ptr<Policy> make_none(const PolicyOptions&) { return std::make_unique<None>(); }

}  // namespace unmask::cache
