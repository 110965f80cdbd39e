// LLaDA's sampler (Nie et al. 2025, arXiv 2502.09992): blocks from left to right, a fixed number of steps
// each, and in every step the most confident masks of the block are filled.
//
// Two differences that cost no token: a step that would fill nothing is skipped, and nothing is computed once
// an end token stands with no mask before it (option stop_at_end).
#include <algorithm>

#include "base/error.h"
#include "decode/schedule.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

// Where a session stands: its blocks, and the shares of the current block's steps that are still to come.
class Progress {
 public:
  explicit Progress(const Session& s) {
    const SessionOptions& o = s.options();
    require(o.block <= most_candidates_per_sequence, Status::invalid_argument,
            "A block of {} tokens is too long; the most is {}.", o.block, most_candidates_per_sequence);
    windows_ = s.blocks();
    require(o.steps >= windows_.size(), Status::invalid_argument,
            "{} steps are too few for {} blocks of {} tokens: each block needs at least one.", o.steps,
            windows_.size(), o.block);
    steps_ = spread(o.steps, static_cast<uint32_t>(windows_.size()));
    for (size_t i = 0; i < windows_.size(); ++i) {
      const uint32_t most = spread(windows_[i].end - windows_[i].begin, steps_[i]).front();
      require(most <= most_commits_per_step, Status::invalid_argument,
              "{} tokens would be filled in one step; the most is {}. Use more steps.", most,
              most_commits_per_step);
    }
  }

  Request next(const Session& s, uint32_t session) {
    while (shares_.empty()) {
      const Window w = windows_[block_];
      const uint32_t masks = s.masks_in(w.begin, w.end);
      if (masks == 0) {
        ++block_;
        continue;
      }
      shares_ = spread(masks, steps_[block_]);
      std::erase(shares_, 0u);
      std::reverse(shares_.begin(), shares_.end());
    }
    const Window w = windows_[block_];
    const Request request = {
        session, w, masked_positions(s, w), {.at_least = shares_.back(), .ranked_by = s.options().remasking}};
    shares_.pop_back();
    return request;
  }

  bool block_complete() const { return shares_.empty(); }

 private:
  std::vector<Window> windows_;
  std::vector<uint32_t> steps_;   // per block
  std::vector<uint32_t> shares_;  // of the current block, next one last
  size_t block_ = 0;
};

class Vanilla final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    Capacity capacity;
    for (const Session* s : sessions) {
      progress_.emplace_back(*s);
      capacity.candidates += s->options().block;
    }
    return capacity;
  }

  void round(Run& run) override {
    denoise(
        run, [&](uint32_t i) { return progress_[i].next(*run.sessions[i], i); },
        [&](uint32_t i) { return progress_[i].block_complete(); });
  }

 private:
  std::vector<Progress> progress_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_vanilla() { return std::make_unique<Vanilla>(); }

}  // namespace unmask::decode
