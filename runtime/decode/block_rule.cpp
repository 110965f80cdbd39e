#include "decode/block_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace unmask::decode {

using tensor::CommitRule;

namespace {

class VanillaRule final : public BlockRule {
 public:
  explicit VanillaRule(const Session& s) : session_(&s) {
    const SessionOptions& o = s.options();
    require(o.block <= most_candidates_per_sequence, Status::invalid_argument,
            "A block of {} tokens is too long; the most is {}.", o.block, most_candidates_per_sequence);
    require(o.threshold == 0 || o.factor == 0, Status::invalid_argument,
            "Options 'threshold' and 'factor' each say how many masks a step fills; use one of them.");
    require((o.threshold == 0 && o.factor == 0) || o.block <= most_commits_per_step, Status::invalid_argument,
            "A block of {} tokens is too long to be filled by threshold or factor; the most is {}.", o.block,
            most_commits_per_step);
    const std::vector<uint32_t> steps = steps_of_blocks(s);
    const std::vector<Window> windows = s.blocks();
    for (size_t i = 0; i < windows.size(); ++i) {
      shares_.push_back(spread(s.masks_in(windows[i].begin, windows[i].end), steps[i]));
      const uint32_t most = shares_.back().front();
      require(most <= most_commits_per_step, Status::invalid_argument,
              "{} tokens would be filled in one step; the most is {}. Use more steps.", most,
              most_commits_per_step);
      std::erase(shares_.back(), 0u);
    }
  }

  BlockStep step(size_t block, std::vector<uint32_t> masked, uint32_t) const override {
    const SessionOptions& o = session_->options();
    if (o.threshold > 0) return {std::move(masked), certain(CommitRule::threshold, o.threshold)};
    if (o.factor > 0) return {std::move(masked), certain(CommitRule::factor, o.factor)};
    const auto masks = static_cast<uint32_t>(masked.size());
    const std::vector<uint32_t>& shares = shares_[block];
    const size_t index = std::min<size_t>(steps_done(block, masks), shares.size() - 1);
    return {std::move(masked), {.at_least = std::min(shares[index], masks), .ranked_by = o.remasking}};
  }

  uint32_t steps_done(size_t block, uint32_t masks) const override {
    const std::vector<uint32_t>& shares = shares_[block];
    uint32_t left = 0;
    for (size_t i = shares.size(); i > 0; --i) {
      left += shares[i - 1];
      if (left >= masks) return static_cast<uint32_t>(i - 1);
    }
    return 0;
  }

  bool ends_within_block() const override { return false; }

 private:
  static Commitment certain(CommitRule rule, float parameter) {
    return {.at_least = 1, .rule = rule, .parameter = parameter};
  }

  const Session* session_;
  std::vector<std::vector<uint32_t>> shares_;  // per block: the masks that each of its steps fills
};

class SdarRule final : public BlockRule {
 public:
  explicit SdarRule(const Session& s) : session_(&s), steps_(steps_of_blocks(s)) {
    const SessionOptions& o = s.options();
    require(o.block <= most_commits_per_step, Status::invalid_argument,
            "A block of {} tokens is too long for strategy sdar; the most is {}.", o.block,
            most_commits_per_step);
    for (const Window& w : s.blocks()) {
      begins_.push_back(w.begin);
      masks_.push_back(s.masks_in(w.begin, w.end));
    }
  }

  BlockStep step(size_t block, std::vector<uint32_t> masked, uint32_t steps_done) const override {
    const uint32_t most = share(block, static_cast<uint32_t>(masked.size()), steps_done);
    masked = first_part(block, std::move(masked));
    const Commitment commitment = commit(std::min(most, static_cast<uint32_t>(masked.size())));
    if (session_->options().reveal == SdarReveal::sequential) masked.resize(commitment.at_least);
    return {std::move(masked), commitment};
  }

  uint32_t steps_done(size_t block, uint32_t masks) const override {
    const SessionOptions& o = session_->options();
    if (o.reveal == SdarReveal::entropy_bounded || steps_[block] >= masks_[block])
      return 0;  // one at least in any case
    require(
        o.reveal != SdarReveal::low_confidence_dynamic && o.sub_block == 0, Status::unsupported,
        "With fewer steps than tokens in a block, how many tokens a step of remasking_strategy 'low_confidence_dynamic' or "
        "of sub-blocks fills depends on the steps before, so no state can be verified by itself. Leave option "
        "'steps' at one per token, or use remasking_strategy 'low_confidence_static'.");
    uint32_t done = 0;
    for (uint32_t left = masks_[block]; left > masks; ++done) left -= share(block, left, done);
    return done;
  }

  // As published code does, which looks for the end after every step.
  bool ends_within_block() const override { return true; }

 private:
  // An even share of the block's masks, over the steps that are left of it.
  uint32_t share(size_t block, uint32_t masks, uint32_t steps_done) const {
    const uint32_t steps_left = steps_[block] - std::min(steps_done, steps_[block] - 1);
    return (masks + steps_left - 1) / steps_left;
  }

  // Those in the first sub-block that has any.
  std::vector<uint32_t> first_part(size_t block, std::vector<uint32_t> masked) const {
    const uint32_t sub_block = session_->options().sub_block;
    if (sub_block == 0) return masked;
    const auto part = [&](uint32_t position) { return (position - begins_[block]) / sub_block; };
    std::erase_if(masked, [&, first = part(masked.front())](uint32_t p) { return part(p) != first; });
    return masked;
  }

  Commitment commit(uint32_t share) const {
    const SessionOptions& o = session_->options();
    switch (o.reveal) {
      case SdarReveal::low_confidence_dynamic:
        return {.at_least = share,
                .rule = CommitRule::threshold,  // "above", where the rule says "at least"
                .parameter = std::nextafter(o.confidence_threshold, std::numeric_limits<float>::infinity())};
      case SdarReveal::entropy_bounded:
        return {.at_least = 1,
                .ranked_by = tensor::Confidence::negative_entropy,
                .rule = CommitRule::entropy,
                .parameter = o.entropy_bound};
      default:
        return {.at_least = share};
    }
  }

  const Session* session_;
  std::vector<uint32_t> steps_, begins_, masks_;  // per block
};

}  // namespace

BlockStep BlockRule::step_from_state(size_t block, std::vector<uint32_t> masked) const {
  const uint32_t done = steps_done(block, static_cast<uint32_t>(masked.size()));
  return step(block, std::move(masked), done);
}

void require_states(const BlockRule& rule, const Session& s) {
  const std::vector<Window> windows = s.blocks();
  for (size_t i = 0; i < windows.size(); ++i)
    rule.steps_done(i, s.masks_in(windows[i].begin, windows[i].end));
}

std::unique_ptr<BlockRule> make_vanilla_rule(const Session& session) {
  return std::make_unique<VanillaRule>(session);
}

std::unique_ptr<BlockRule> make_sdar_rule(const Session& session) {
  return std::make_unique<SdarRule>(session);
}

std::unique_ptr<BlockRule> make_plain_rule(const Session& session) {
  return session.attention_block() > 0 ? make_sdar_rule(session) : make_vanilla_rule(session);
}

bool begins_with_the_row_before(const Session& s, Window window) {
  return s.model().config.shifted_logits && s.attention_block() > 0 && window.begin > 0 &&
         window.begin % s.attention_block() == 0 && s.masked(window.begin);
}

std::vector<uint32_t> steps_of_blocks(const Session& s) {
  const std::vector<Window> windows = s.blocks();
  if (!s.options().steps_given) {
    std::vector<uint32_t> one_per_token;
    for (const Window& w : windows) one_per_token.push_back(w.end - w.begin);
    return one_per_token;
  }
  const auto count = static_cast<uint32_t>(windows.size());
  require(s.options().steps >= count, Status::invalid_argument,
          "{} steps are too few for {} blocks of {} tokens: each block needs at least one.",
          s.options().steps, count, s.options().block);
  return spread(s.options().steps, count);
}

}  // namespace unmask::decode
