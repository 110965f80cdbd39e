// dLLM-Cache (Liu et al. 2025, arXiv 2506.06295): the prompt hardly changes while an answer is written, and
// of the answer only some rows do. What attention and the feed-forward networks add to a row is kept. The
// prompt's rows are computed again at long intervals, the answer's at short ones; in between, each layer
// above the first computes the values of all rows of the answer and goes on with those rows only whose values
// changed most since the step before.
//
// Rows of the prompt enter a pass only when they are computed: otherwise nothing reads their residual stream,
// and their keys and values in the first layer, which would be computed anew, depend on nothing that changes.
// The row that predicts the first token of the answer under shifted logits does enter.
#include <algorithm>

#include "cache/policy.h"

namespace unmask::cache {

namespace {

class Dllm final : public Policy {
 public:
  explicit Dllm(const PolicyOptions& o)
      : prompt_interval_(std::max(o.prompt_interval_steps, 1u)),
        answer_interval_(std::max(o.gen_interval_steps, 1u)),
        ratio_(o.transfer_ratio) {}

  void require_suits(const model::ModelConfig& config) const override {
    require_full_attention(config, "dllm");
  }

  bool computes_answer() const override { return true; }

  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    plan.keeps_features = true;
    if (view.refresh) step_ = 0;
    if (step_ % prompt_interval_ == 0) {
      append_rows(view, 0, view.prompt_length, plan);
    } else {
      append_kept_rows(view, view.asked.front(), view.prompt_length, plan);
    }
    if (step_ % answer_interval_ == 0) {
      append_rows(view, view.prompt_length, view.length, plan);
    } else if (ratio_ == 0) {
      append_kept_rows(view, view.prompt_length, view.length, plan);
    } else {
      append_changed_rows(view, plan);
    }
    ++step_;
  }

  Kept keeps() const override { return Kept::keys_and_features; }

 private:
  // Rows that layers above the first do not compute.
  static void append_kept_rows(const SequenceView& view, uint32_t begin, uint32_t end,
                               model::ForwardPlan& plan) {
    const size_t rows = plan.rows.size(), computed = plan.computed.size();
    append_rows(view, begin, end, plan);
    plan.computed.resize(computed);
    for (size_t i = rows; i < plan.rows.size(); ++i) plan.rows[i].keeps_values = 1;
  }

  void append_changed_rows(const SequenceView& view, model::ForwardPlan& plan) const {
    const auto begin = static_cast<uint32_t>(plan.rows.size()), count = view.length - view.prompt_length;
    const size_t computed = plan.computed.size();
    append_rows(view, view.prompt_length, view.length, plan);
    plan.computed.resize(computed);
    plan.selections.push_back({.scores_begin = begin,
                               .count = count,
                               .kept = static_cast<uint32_t>(ratio_ * static_cast<float>(count)),
                               .list_begin = plan.selected_count(),
                               .value_begin = begin,
                               .gap_begin = count,
                               .gap = 0,
                               .first_row = begin,
                               .pool = 0,
                               .reserved0 = 0,
                               .reserved1 = 0,
                               .reserved2 = 0});
  }

  uint32_t prompt_interval_, answer_interval_;
  float ratio_;
  uint32_t step_ = 0;  // of the whole text
};

}  // namespace

std::unique_ptr<Policy> make_dllm(const PolicyOptions& options) { return std::make_unique<Dllm>(options); }

}  // namespace unmask::cache
