// Block diffusion: blocks from left to right, each denoised until it has no mask (SDAR, Cheng et al. 2025,
// arXiv 2510.06303), and with sub-blocks and shifted logits the sampler of Fast-dLLM v2 (Wu et al. 2025,
// arXiv 2509.26328).
//
// Where the published SDAR loop errs, this one does what it means: the share of a step is of the masks that
// remain; confidence is the token's probability without filters and temperature, so that top-k 1 does not
// make everything certain; entropies are those of whole distributions; known tokens are never candidates.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "decode/block_cursor.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

class SdarProgress {
 public:
  explicit SdarProgress(const Session& s) : session_(&s), blocks_(s) {
    const SessionOptions& o = s.options();
    require(o.block <= most_commits_per_step, Status::invalid_argument,
            "A block of {} tokens is too long for strategy sdar; the most is {}.", o.block,
            most_commits_per_step);
    steps_ = steps_of_blocks(s);
  }

  Request next(uint32_t session) {
    if (blocks_.advance()) step_ = 0;
    const Window window = blocks_.window();
    if (begins_with_the_row_before(window)) return {session, window, {window.begin}, {.at_least = 1}};
    std::vector<uint32_t> masked = masked_positions(*session_, part(window));
    if (masked.empty()) return blocks_.step({session, window, {}, {}});
    const Commitment commitment = commit(share(window, static_cast<uint32_t>(masked.size())));
    if (session_->options().reveal == SdarReveal::sequential) masked.resize(commitment.at_least);
    return blocks_.step({session, window, std::move(masked), commitment});
  }

  // Published code looks for the end of a text after every step, but a token may be edited until its block is
  // finished.
  bool may_end() const { return session_->options().edit_threshold >= 1 || blocks_.finished(); }

 private:
  // With shifted logits the last row of a finished block predicts the first token of the next, like the
  // autoregressive model it was: that token is taken before the new block is computed at all.
  bool begins_with_the_row_before(Window window) const {
    return session_->model().config.shifted_logits && session_->attention_block() > 0 && window.begin > 0 &&
           window.begin % session_->attention_block() == 0 && session_->masked(window.begin);
  }

  // The first sub-block of the window that has a mask.
  Window part(Window window) const {
    const uint32_t sub_block = session_->options().sub_block;
    if (sub_block == 0) return window;
    for (const Window& w : blocks(window, sub_block, window.begin))
      if (session_->masks_in(w.begin, w.end) > 0) return w;
    return window;
  }

  // Of `candidates`, an even share of what is left of the block, over the steps that are left of it.
  uint32_t share(Window window, uint32_t candidates) {
    const uint32_t masks = session_->masks_in(window.begin, window.end);
    const uint32_t steps = steps_[blocks_.index()];
    const uint32_t steps_left = steps - std::min(step_, steps - 1);
    ++step_;
    return std::min((masks + steps_left - 1) / steps_left, candidates);
  }

  Commitment commit(uint32_t share) const {
    const SessionOptions& o = session_->options();
    switch (o.reveal) {
      case SdarReveal::low_confidence_dynamic:
        return {.at_least = share,
                .rule = tensor::CommitRule::threshold,  // "above", where the rule says "at least"
                .parameter = std::nextafter(o.confidence_threshold, std::numeric_limits<float>::infinity())};
      case SdarReveal::entropy_bounded:
        return {.at_least = 1,
                .ranked_by = tensor::Confidence::negative_entropy,
                .rule = tensor::CommitRule::entropy,
                .parameter = o.entropy_bound};
      default:
        return {.at_least = share};
    }
  }

  const Session* session_;
  BlockCursor blocks_;
  std::vector<uint32_t> steps_;  // per block
  uint32_t step_ = 0;            // of the current block
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
