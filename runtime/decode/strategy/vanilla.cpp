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

// How many steps fill all masks; 0: that depends on what is written.
uint32_t count_steps(const Session& s) {
  if (s.options().threshold > 0 || s.options().factor > 0) return 0;
  const std::vector<Window> windows = s.blocks();
  const std::vector<uint32_t> steps = steps_of_blocks(s);
  uint32_t sum = 0;
  for (size_t i = 0; i < windows.size(); ++i)
    sum += std::min(steps[i], s.masks_in(windows[i].begin, windows[i].end));
  return sum;
}

// Where a session stands.
class VanillaProgress {
 public:
  explicit VanillaProgress(const Session& s)
      : session_(&s),
        rule_(make_vanilla_rule(s)),
        blocks_(s),
        masks_(s.masks_left()),
        steps_(count_steps(s)) {}

  Request next(uint32_t session) {
    blocks_.advance();
    Request request = next_in(session, blocks_.window());
    request.stage = stage();
    if (!request.positions.empty()) ++steps_done_;
    return blocks_.step(std::move(request));
  }

  bool block_finished() const { return blocks_.finished(); }

 private:
  Request next_in(uint32_t session, Window w) const {
    std::vector<uint32_t> masked = masked_positions(*session_, w);
    if (masked.empty()) return {session, w, {}, {}};
    BlockStep step = rule_->step(blocks_.index(), std::move(masked), 0);
    if (step.commitment.ranked_by == tensor::Confidence::random && !session_->options().postpone_end)
      keep_random(*session_, step.commitment.at_least, step.positions);
    return {session, w, std::move(step.positions), step.commitment};
  }

  Stage stage() const {
    if (steps_ > 0) return {steps_done_, steps_, true};
    return {masks_ - session_->masks_left(), masks_};
  }

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
  uint32_t masks_, steps_;  // of the text when it was begun
  uint32_t steps_done_ = 0;
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
