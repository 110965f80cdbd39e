// Sparse-dLLM (Song et al. 2025, arXiv 2508.02558): a block's first two steps compute everything. In the
// second, each layer evicts those of the keys outside the block that the block attends to least; the further
// steps compute the block's rows against the keys that stayed.
//
// What stays is moved in place: into the slots before the block, and those after it where these do not
// suffice. The next block's first step computes all of them anew. With logits shifted by one the row before
// the block counts as part of it, for it predicts the block's first token.
#include <algorithm>

#include "cache/policy.h"

namespace unmask::cache {

namespace {

class Sparse final : public Policy {
 public:
  explicit Sparse(const PolicyOptions& o) : keep_ratio_(o.keep_ratio), pool_(o.kernel_size / 2) {}

  void require_suits(const model::ModelConfig& config) const override {
    require_full_attention(config, "sparse");
  }

  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    const uint32_t step = steps_.next(view);
    const uint32_t begin = view.window_begin - (view.shifted_logits && view.window_begin > 0 ? 1 : 0);
    if (step <= eviction_step) {
      const auto first_row = static_cast<uint32_t>(plan.rows.size());
      append_rows(view, 0, view.length, plan);
      if (step == eviction_step) evict(view, begin, first_row + begin, plan);
    } else {
      append_block(view, begin, plan);
    }
  }

  Kept keeps() const override { return Kept::keys_of_choice; }

 private:
  static constexpr uint32_t eviction_step = 1;

  uint32_t kept(const SequenceView& view, uint32_t begin) const {
    return static_cast<uint32_t>(keep_ratio_ * static_cast<float>(view.length - (view.window_end - begin)));
  }

  void evict(const SequenceView& view, uint32_t begin, uint32_t first_row, model::ForwardPlan& plan) const {
    const uint32_t count = kept(view, begin), gap = view.window_end - begin;
    if (count == 0) return;
    uint32_t scores = 0;
    for (const tensor::Selection& s : plan.evictions) scores += s.count;
    plan.evictions.push_back({.scores_begin = scores,
                              .count = view.length - gap,
                              .kept = count,
                              .list_begin = static_cast<uint32_t>(plan.kept_to.size()),
                              .value_begin = view.base_slot,
                              .gap_begin = begin,
                              .gap = gap,
                              .first_row = first_row,
                              .pool = pool_,
                              .reserved0 = 0,
                              .reserved1 = 0,
                              .reserved2 = 0});
    for (uint32_t i = 0; i < count; ++i) plan.kept_to.push_back(view.base_slot + i + (i >= begin ? gap : 0));
  }

  void append_block(const SequenceView& view, uint32_t begin, model::ForwardPlan& plan) const {
    const uint32_t count = kept(view, begin), before = std::min(count, begin);
    const size_t first = plan.ranges.size();
    append_rows(view, begin, view.window_end, plan);
    for (size_t i = first; i < plan.ranges.size(); ++i) {
      plan.ranges[i] = {view.base_slot, view.base_slot + before, view.base_slot + begin,
                        view.base_slot + view.window_end + (count - before)};
    }
  }

  float keep_ratio_;
  uint32_t pool_;
  BlockSteps steps_;
};

}  // namespace

std::unique_ptr<Policy> make_sparse(const PolicyOptions& options) {
  return std::make_unique<Sparse>(options);
}

}  // namespace unmask::cache
