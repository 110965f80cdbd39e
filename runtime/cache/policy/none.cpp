// No cache: every row is computed in every step. The yardstick of all other policies.
#include "cache/policy.h"

namespace unmask::cache {

namespace {

class None final : public Policy {
 public:
  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    const tensor::KeyRanges everything = {view.base_slot, view.base_slot + view.length, 0, 0};
    for (uint32_t position = 0; position < view.length; ++position) {
      plan.rows.push_back({view.sequence, position, view.base_slot + position, 0});
      plan.ranges.push_back(everything);
    }
  }
  bool keeps_keys() const override { return false; }
};

}  // namespace

std::unique_ptr<Policy> make_none() { return std::make_unique<None>(); }

}  // namespace unmask::cache
