// LLaDA's sampler (Nie et al. 2025, arXiv 2502.09992): blocks from left to right, a fixed number of steps
// each, and in every step the most confident masks of the block are filled. With a threshold or a factor
// (Fast-dLLM, Wu et al. 2025, arXiv 2505.22618) a step fills as many as are certain enough, at least one.
//
// Two differences that cost no token: a step that would fill nothing is skipped, and nothing is computed once
// an end token stands with no mask before it (option stop_at_end).
#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "decode/schedule.h"
#include "decode/strategy.h"

namespace unmask::decode {

using tensor::CommitRule;
using tensor::Confidence;

namespace {

// Where a session stands: its blocks, and the shares of the current block's steps that are still to come.
class Progress {
 public:
  explicit Progress(const Session& s) {
    const SessionOptions& o = s.options();
    require(o.block <= most_candidates_per_sequence, Status::invalid_argument,
            "A block of {} tokens is too long; the most is {}.", o.block, most_candidates_per_sequence);
    windows_ = s.blocks();
    steps_ = steps_of_blocks(s);
    require(o.threshold == 0 || o.factor == 0, Status::invalid_argument,
            "Options 'threshold' and 'factor' each say how many masks a step fills; use one of them.");
    require((o.threshold == 0 && o.factor == 0) || o.block <= most_commits_per_step, Status::invalid_argument,
            "A block of {} tokens is too long to be filled by threshold or factor; the most is {}.", o.block,
            most_commits_per_step);
    for (size_t i = 0; i < windows_.size(); ++i) {
      const uint32_t most = spread(windows_[i].end - windows_[i].begin, steps_[i]).front();
      require(most <= most_commits_per_step, Status::invalid_argument,
              "{} tokens would be filled in one step; the most is {}. Use more steps.", most,
              most_commits_per_step);
    }
  }

  Request next(const Session& s, uint32_t session) {
    while (s.masks_in(windows_[block_].begin, windows_[block_].end) == 0) ++block_;
    const Window w = windows_[block_];
    if (s.options().threshold > 0)
      return {session, w, masked_positions(s, w), certain(CommitRule::threshold, s.options().threshold)};
    if (s.options().factor > 0)
      return {session, w, masked_positions(s, w), certain(CommitRule::factor, s.options().factor)};
    if (shares_.empty()) {
      shares_ = spread(s.masks_in(w.begin, w.end), steps_[block_]);
      std::erase(shares_, 0u);
      std::reverse(shares_.begin(), shares_.end());
    }
    Request request = {
        session, w, masked_positions(s, w), {.at_least = shares_.back(), .ranked_by = s.options().remasking}};
    if (s.options().remasking == Confidence::random && !s.options().postpone_end)
      keep_random(s, shares_.back(), request.positions);
    shares_.pop_back();
    return request;
  }

  bool block_complete(const Session& s) const {
    return s.masks_in(windows_[block_].begin, windows_[block_].end) == 0;
  }

 private:
  static Commitment certain(CommitRule rule, float parameter) {
    return {.at_least = 1, .rule = rule, .parameter = parameter};
  }

  // The `count` positions that the device would rank first, so that no others need logits.
  static void keep_random(const Session& s, uint32_t count, std::vector<uint32_t>& positions) {
    const uint64_t seed = s.options().seed;
    const PhiloxKey key = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
    std::ranges::stable_sort(positions, std::greater{}, [&](uint32_t position) {
      return philox({s.masks_left(), position, tensor::none, 0}, key)[0];
    });
    positions.resize(count);
    std::ranges::sort(positions);
  }

  std::vector<Window> windows_;
  std::vector<uint32_t> steps_;   // per block
  std::vector<uint32_t> shares_;  // of the current block, next one last
  size_t block_ = 0;
};

class Vanilla final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) progress_.emplace_back(*s);
    return capacity_of_blocks(sessions);
  }

  void round(Run& run) override {
    denoise(
        run, [&](uint32_t i) { return progress_[i].next(*run.sessions[i], i); },
        [&](uint32_t i) { return progress_[i].block_complete(*run.sessions[i]); });
  }

 private:
  std::vector<Progress> progress_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_vanilla() { return std::make_unique<Vanilla>(); }

}  // namespace unmask::decode
