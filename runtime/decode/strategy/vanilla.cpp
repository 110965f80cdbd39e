// LLaDA's sampler (Nie et al. 2025, arXiv 2502.09992): blocks from left to right, a fixed number of steps
// each, and in every step the most confident masks of the block are filled. With a threshold or a factor
// (Fast-dLLM, Wu et al. 2025, arXiv 2505.22618) a step fills as many as are certain enough, at least one.
//
// Two differences that cost no token: a step that would fill nothing is skipped, and nothing is computed once
// an end token stands with no mask before it (option stop_at_end).
#include <algorithm>

#include "base/rng.h"
#include "decode/block_cursor.h"
#include "decode/block_rule.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

// Where a session stands.
class VanillaProgress {
 public:
  explicit VanillaProgress(const Session& s) : session_(&s), rule_(make_vanilla_rule(s)), blocks_(s) {}

  Request next(uint32_t session) {
    blocks_.advance();
    const Window w = blocks_.window();
    std::vector<uint32_t> masked = masked_positions(*session_, w);
    if (masked.empty()) return blocks_.step({session, w, {}, {}});
    BlockStep step = rule_->step(blocks_.index(), std::move(masked), 0);
    if (step.commitment.ranked_by == tensor::Confidence::random && !session_->options().postpone_end)
      keep_random(*session_, step.commitment.at_least, step.positions);
    return blocks_.step({session, w, std::move(step.positions), step.commitment});
  }

  bool block_finished() const { return blocks_.finished(); }

 private:
  // The `count` positions that the device would rank first, so that no others need logits.
  static void keep_random(const Session& s, uint32_t count, std::vector<uint32_t>& positions) {
    const PhiloxKey key = philox_key(s.options().seed);
    std::ranges::stable_sort(positions, std::greater{}, [&](uint32_t position) {
      return philox({s.masks_left(), position, tensor::none, 0}, key)[0];
    });
    positions.resize(count);
    std::ranges::sort(positions);
  }

  const Session* session_;
  std::unique_ptr<BlockRule> rule_;
  BlockCursor blocks_;
};

class Vanilla final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) progress_.emplace_back(*s);
    return capacity_of_blocks(sessions);
  }

  bool round(Run& run) override {
    return denoise(
        run, [&](uint32_t i) { return progress_[i].next(i); },
        [&](uint32_t i) { return progress_[i].block_finished(); });
  }

 private:
  std::vector<VanillaProgress> progress_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_vanilla() { return std::make_unique<Vanilla>(); }

}  // namespace unmask::decode
