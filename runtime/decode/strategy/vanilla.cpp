// LLaDA's sampler (Nie et al. 2025, arXiv 2502.09992): blocks from left to right, a fixed number of steps
// each, and in every step the most confident masks of the block are filled. With a threshold or a factor
// (Fast-dLLM, Wu et al. 2025, arXiv 2505.22618) a step fills as many as are certain enough, at least one.
//
// Two differences that cost no token: a step that would fill nothing is skipped, and nothing is computed once
// an end token stands with no mask before it (option stop_at_end).
#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "decode/block_cursor.h"
#include "decode/strategy.h"

namespace unmask::decode {

using tensor::CommitRule;
using tensor::Confidence;

namespace {

// Where a session stands: its blocks, and the shares of the current block's steps that are still to come.
class VanillaProgress {
 public:
  explicit VanillaProgress(const Session& s) : session_(&s), blocks_(s) {
    const SessionOptions& o = s.options();
    require(o.block <= most_candidates_per_sequence, Status::invalid_argument,
            "A block of {} tokens is too long; the most is {}.", o.block, most_candidates_per_sequence);
    steps_ = steps_of_blocks(s);
    require(o.threshold == 0 || o.factor == 0, Status::invalid_argument,
            "Options 'threshold' and 'factor' each say how many masks a step fills; use one of them.");
    require((o.threshold == 0 && o.factor == 0) || o.block <= most_commits_per_step, Status::invalid_argument,
            "A block of {} tokens is too long to be filled by threshold or factor; the most is {}.", o.block,
            most_commits_per_step);
    const std::vector<Window> windows = s.blocks();
    for (size_t i = 0; i < windows.size(); ++i) {
      const uint32_t most = spread(windows[i].end - windows[i].begin, steps_[i]).front();
      require(most <= most_commits_per_step, Status::invalid_argument,
              "{} tokens would be filled in one step; the most is {}. Use more steps.", most,
              most_commits_per_step);
    }
  }

  Request next(uint32_t session) {
    blocks_.advance();
    const Window w = blocks_.window();
    Request request = {session, w, masked_positions(*session_, w), {}};
    if (!request.positions.empty()) choose(request);
    return blocks_.step(std::move(request));
  }

  bool block_finished() const { return blocks_.finished(); }

 private:
  // Says how many of its masks a request fills.
  void choose(Request& r) {
    const SessionOptions& o = session_->options();
    if (o.threshold > 0) {
      r.commitment = certain(CommitRule::threshold, o.threshold);
      return;
    }
    if (o.factor > 0) {
      r.commitment = certain(CommitRule::factor, o.factor);
      return;
    }
    if (shares_.empty()) {
      shares_ = spread(static_cast<uint32_t>(r.positions.size()), steps_[blocks_.index()]);
      std::erase(shares_, 0u);
      std::reverse(shares_.begin(), shares_.end());
    }
    r.commitment = {.at_least = shares_.back(), .ranked_by = o.remasking};
    if (o.remasking == Confidence::random && !o.postpone_end)
      keep_random(*session_, shares_.back(), r.positions);
    shares_.pop_back();
  }

  static Commitment certain(CommitRule rule, float parameter) {
    return {.at_least = 1, .rule = rule, .parameter = parameter};
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
  BlockCursor blocks_;
  std::vector<uint32_t> steps_;   // per block
  std::vector<uint32_t> shares_;  // of the current block, next one last
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
