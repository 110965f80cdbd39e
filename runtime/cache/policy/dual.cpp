// Dual cache (Fast-dLLM, Wu et al. 2025, arXiv 2505.22618): keys and values outside the block change little
// while one block is denoised, so they are computed with the block's first step and kept until the next
// block's.
//
// That first pass is a step like any other: it computes all rows, and its logits fill masks. Rows are
// overwritten in place. With logits shifted by one the row before the block stays active while it predicts
// the block's first token.
#include <algorithm>

#include "base/error.h"
#include "cache/policy.h"

namespace unmask::cache {

namespace {

class Dual final : public Policy {
 public:
  void require_suits(const model::ModelConfig& config) const override {
    require(config.block_length == 0, Status::unsupported,
            "The cache policy 'dual' approximates attention in which every row sees every key; in this model "
            "it is causal between blocks. Use 'block', which is exact there.");
  }

  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    const Block block = {view.base_slot, view.window_begin, view.window_end};
    if (block != block_) {
      append_rows(view, 0, view.length, plan);
      block_ = block;
    } else {
      append_rows(view, std::min(view.window_begin, view.first_asked), view.window_end, plan);
    }
  }

  bool keeps_keys() const override { return true; }

 private:
  struct Block {
    uint32_t base_slot, begin, end;
    bool operator==(const Block&) const = default;
  };
  Block block_ = {0, 0, 0};  // whose first step computed all rows
};

}  // namespace

std::unique_ptr<Policy> make_dual() { return std::make_unique<Dual>(); }

}  // namespace unmask::cache
