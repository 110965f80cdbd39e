// Finished blocks of a block-causal model are computed once (SDAR, Cheng et al. 2025, arXiv 2510.06303;
// Fast-dLLM v2, Wu et al. 2025, arXiv 2509.26328): their keys and values depend on nothing after them, so
// this is exact.
//
// Keys count only when no token of the block was to change after the pass that computed them. That pass is
// not one of its own: the rows of a block that was finished enter together with the first pass of what
// follows it.
#include "base/error.h"
#include "cache/policy.h"

namespace unmask::cache {

namespace {

class Block final : public Policy {
 public:
  void require_suits(const model::ModelConfig& config) const override {
    require(config.block_length > 0, Status::unsupported,
            "The cache policy 'block' needs a model whose attention is causal between blocks (SDAR, "
            "Fast-dLLM v2); in this one every row sees every key. Use another policy.");
  }

  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    const uint32_t finished = append_finished(view, plan);
    if (view.asked.back() >= finished) append_rows(view, finished, keys_end(view, view.asked.back()), plan);
  }

  Positions plan_states(const SequenceView& view, model::ForwardPlan& plan) override {
    return {append_finished(view, plan), keys_end(view, view.asked.back())};
  }

  uint32_t most_state_rows(const model::ModelConfig&, uint32_t, uint32_t block) const override {
    return block;
  }

  Kept keeps() const override { return Kept::keys; }

 private:
  // The rows of blocks that were finished since the last pass. Where they end.
  uint32_t append_finished(const SequenceView& view, model::ForwardPlan& plan) {
    const uint32_t finished = view.first_open / view.block_length * view.block_length;
    append_rows(view, stored_, finished, plan);
    return stored_ = finished;
  }

  uint32_t stored_ = 0;  // positions before this one have their final keys and values
};

}  // namespace

std::unique_ptr<Policy> make_block(const PolicyOptions&) { return std::make_unique<Block>(); }

}  // namespace unmask::cache
