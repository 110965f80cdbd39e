// dKV-Cache-Greedy (Ma et al. 2025, arXiv 2505.15781): where the order of writing is random, it is known
// which positions a step fills. Between refreshes only those are computed, those filled in the step before,
// and some masked neighbours: rows per step do not grow with the text.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "cache/policy.h"

namespace unmask::cache {

namespace {

constexpr uint32_t published_interval = 2;

// Inserts the `count` masked positions nearest to `centre`, taken from its left and its right in turn.
void insert_neighbours(const SequenceView& view, uint32_t centre, uint32_t count, std::set<uint32_t>& rows) {
  uint32_t left = centre, right = centre + 1;
  bool to_the_left = true;
  while (count > 0 && (left > 0 || right < view.length)) {
    const bool go_left = left > 0 && (to_the_left || right == view.length);
    const uint32_t position = go_left ? --left : right++;
    if (!view.masked(position)) continue;
    rows.insert(position);
    to_the_left = !go_left;
    --count;
  }
}

class DkvGreedy final : public Policy {
 public:
  explicit DkvGreedy(const PolicyOptions& o)
      : refresh_interval_(o.cache_steps > 0 ? o.cache_steps : published_interval),
        window_size_(o.window_size) {}

  void require_suits(const model::ModelConfig& config) const override {
    require_full_attention(config, "dkv-greedy");
    require(
        !config.shifted_logits, Status::unsupported,
        "The cache policy 'dkv-greedy' is defined for models whose row i predicts token i; in this one it "
        "predicts token i + 1. Use 'dkv-decode' or 'dkv-pd'.");
  }

  void plan(const SequenceView& view, model::ForwardPlan& plan) override {
    if (steps_.next(view) % refresh_interval_ == 0) {
      append_rows(view, 0, view.length, plan);
    } else {
      std::set<uint32_t> rows(filled_.begin(), filled_.end());
      for (const uint32_t position : view.asked) {
        rows.insert(position);
        insert_neighbours(view, position, window_size_, rows);
      }
      for (const uint32_t position : rows) append_rows(view, position, position + 1, plan);
    }
    filled_.assign(view.asked.begin(), view.asked.end());
  }

  bool asks_only_what_is_filled() const override { return true; }
  Kept keeps() const override { return Kept::keys; }

 private:
  uint32_t refresh_interval_, window_size_;
  BlockSteps steps_;
  std::vector<uint32_t> filled_;  // in the step before
};

}  // namespace

std::unique_ptr<Policy> make_dkv_greedy(const PolicyOptions& options) {
  return std::make_unique<DkvGreedy>(options);
}

}  // namespace unmask::cache
