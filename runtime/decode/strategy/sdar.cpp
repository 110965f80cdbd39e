// Block diffusion: blocks from left to right, each denoised until it has no mask (SDAR, Cheng et al. 2025,
// arXiv 2510.06303), and with sub-blocks and shifted logits the sampler of Fast-dLLM v2 (Wu et al. 2025,
// arXiv 2509.26328).
//
// Where the published SDAR loop errs, this one does what it means: the share of a step is of the masks that
// remain; confidence is the token's probability without filters and temperature, so that top-k 1 does not
// make everything certain; entropies are those of whole distributions; known tokens are never candidates.
#include <algorithm>

#include "decode/block_cursor.h"
#include "decode/block_rule.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

class SdarProgress {
 public:
  explicit SdarProgress(const Session& s) : session_(&s), rule_(make_sdar_rule(s)), blocks_(s) {}

  Request next(uint32_t session) {
    if (blocks_.advance()) steps_done_ = masks_ = 0;
    const Window window = blocks_.window();
    const uint32_t left = session_->masks_in(window.begin, window.end);
    masks_ = std::max(masks_, left);
    Request request = next_in(session, window);
    request.stage = {masks_ - left, masks_};
    return request;
  }

  // Published code looks for the end of a text after every step, but a token may be edited until its block is
  // finished.
  bool may_end() const { return session_->options().edit_threshold >= 1 || blocks_.finished(); }

 private:
  Request next_in(uint32_t session, Window window) {
    if (begins_with_the_row_before(*session_, window))
      return {session, window, {window.begin}, {.at_least = 1}};
    std::vector<uint32_t> masked = masked_positions(*session_, window);
    if (masked.empty()) return blocks_.step({session, window, {}, {}});
    BlockStep step = rule_->step(blocks_.index(), std::move(masked), steps_done_++);
    return blocks_.step({session, window, std::move(step.positions), step.commitment});
  }

  const Session* session_;
  std::unique_ptr<BlockRule> rule_;
  BlockCursor blocks_;
  uint32_t steps_done_ = 0, masks_ = 0;  // of the current block, which was begun with so many
};

class Sdar final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) progress_.emplace_back(*s);
    return capacity_of_blocks(sessions);
  }

  bool round(Run& run) override {
    return denoise(
        run, [&](uint32_t i) { return progress_[i].next(i); },
        [&](uint32_t i) { return progress_[i].may_end(); });
  }

 private:
  std::vector<SdarProgress> progress_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_sdar() { return std::make_unique<Sdar>(); }

}  // namespace unmask::decode
