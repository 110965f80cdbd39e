// S2D2 (2026, arXiv 2603.25702): a block-diffusion model judges its own drafts. One pass drafts all masks of
// a block. A second one runs the same model as if its blocks had one token, which makes it autoregressive,
// and judges the first run of masks: they are accepted from left to right up to the first that fails, which
// is corrected. Further masks are filled if their draft is probable enough, and by the sampler's own rule if
// the step has not filled its share.
//
// Both passes count. Neither can serve as the other: they differ in what rows see. Rows on which no judgement
// depends are left out of the second. Without temperature published code still draws lots by softmax(logits);
// that is acceptance 'mrs' here, while 'greedy_match' accepts the verifier's best tokens.
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "decode/block_cursor.h"
#include "decode/block_rule.h"
#include "decode/judged_draft.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

struct S2d2Draft {
  uint32_t position;
  int32_t token;
  double probability;  // of the token, without temperature
  double entropy;      // of the distribution, in nats
};

// What a step of the sampler would fill of these, which come in order of their positions.
std::vector<S2d2Draft> chosen(std::vector<S2d2Draft> drafts, const Commitment& c, bool sequential) {
  const bool by_entropy = c.ranked_by == tensor::Confidence::negative_entropy;
  if (!sequential)
    std::ranges::stable_sort(drafts, std::greater{},
                             [&](const S2d2Draft& d) { return by_entropy ? -d.entropy : d.probability; });
  size_t count = 0;
  double entropy = 0;
  for (; count < drafts.size(); ++count) {
    entropy += drafts[count].entropy;
    const bool passes = c.rule == tensor::CommitRule::threshold ? drafts[count].probability >= c.parameter
                                                                : by_entropy && entropy < c.parameter;
    if (count >= c.at_least && !passes) break;
  }
  drafts.resize(count);
  return drafts;
}

// When a draft is worth the pass that judges it.
class Router {
 public:
  explicit Router(const Session& s)
      : options_(&s.options()), most_entropy_(std::log(double{1} * s.model().config.vocabulary)) {}

  bool verifies(std::span<const S2d2Draft> drafts, size_t span) {
    const RoutingOptions& r = options_->routing;
    if (r.policy == VerifyPolicy::mask_span_length) return span >= r.min_span_length;
    score_ = expected_tokens(drafts.first(span));
    if (r.policy == VerifyPolicy::score_threshold) return (score_ -= r.score_penalty) >= r.score_threshold;
    score_ -= r.score_penalty * static_cast<double>(std::ranges::count_if(drafts, [&](const S2d2Draft& d) {
                return d.probability > options_->confidence_threshold;
              }));
    return on_ = on_ ? score_ >= r.hysteresis_off : score_ > r.hysteresis_on;
  }

  double score() const { return score_; }

 private:
  // How many of them should be accepted, if one is by e^(-temperature * entropy / largest entropy).
  double expected_tokens(std::span<const S2d2Draft> span) const {
    double all = 0, so_far = 1;
    for (const S2d2Draft& d : span)
      all += so_far *= std::exp(-options_->routing.entropy_temperature * d.entropy / most_entropy_);
    return all;
  }

  const SessionOptions* options_;
  double most_entropy_;
  double score_ = 0;
  bool on_ = false;
};

// One text: every pass of it drafts or verifies.
class S2d2Text {
 public:
  S2d2Text(Session& s, uint32_t index)
      : session_(&s), index_(index), blocks_(s), rule_(make_sdar_rule(s)), router_(s) {
    require_judged_blocks(s, "s2d2");
    require(s.options().sub_block == 0, Status::invalid_argument,
            "Strategy 's2d2' drafts whole blocks; leave option 'sub_block' off.");
  }

  Session& session() const { return *session_; }
  bool done() const { return session_->masks_left() == 0; }
  bool samples() const { return session_->options().acceptance == Acceptance::rejection_sampling; }
  bool verifying() const { return span_ > 0; }
  double score() const { return router_.score(); }

  Request next() { return verifying() ? verification() : drafting(); }

  // A drafting pass was made: whether the draft is to be verified.
  bool take_draft(std::span<const tensor::TokenStats> candidates) {
    const std::vector<uint32_t> masked = masked_positions(*session_, window());
    drafts_.clear();
    for (size_t i = 0; i < masked.size(); ++i) {
      const tensor::TokenStats& c = candidates[i];
      drafts_.push_back(
          {masked[i], token_of(*session_, c.token), std::exp(double{c.logit} - c.log_sum_exp), c.entropy});
    }
    size_t span = 1;
    while (span < drafts_.size() && drafts_[span].position == drafts_[span - 1].position + 1) ++span;
    const bool verifies = router_.verifies(drafts_, span);
    span_ = verifies ? span : 0;
    return verifies;
  }

  // Ends the step, with the judgements of the verifying pass if there was one. How many were accepted.
  uint32_t finish_step(std::span<const tensor::Verdict> verdicts) {
    const uint32_t masks = session_->masks_left();
    const uint32_t accepted = verdicts.empty() ? 0 : apply(verdicts);
    span_ = 0;
    for (const S2d2Draft& d : open_drafts())
      if (d.probability > session_->options().confidence_threshold) session_->commit(d.position, d.token);
    const uint32_t filled = masks - session_->masks_left();
    if (filled < share_.at_least) {
      share_.at_least -= filled;
      const bool sequential = session_->options().reveal == SdarReveal::sequential;
      for (const S2d2Draft& d : chosen(open_drafts(), share_, sequential))
        session_->commit(d.position, d.token);
    }
    return accepted;
  }

 private:
  Window window() const { return blocks_.window(); }

  Request drafting() {
    if (blocks_.advance()) steps_done_ = 0;
    std::vector<uint32_t> masked = masked_positions(*session_, window());
    share_ = rule_->step(blocks_.index(), masked, steps_done_++).commitment;
    return {.session = index_,
            .window = window(),
            .positions = std::move(masked),
            .commitment = {},
            .keeps_logits = samples(),
            .statistics = true};
  }

  // Tokens of the block before the last that is judged, then a mask for each that is.
  Request verification() const {
    Request request = {.session = index_, .window = window(), .canvas_rows = false};
    const uint32_t begin = block_begin(*session_, window());
    const uint32_t tokens = drafts_[span_ - 1].position - begin;
    for (uint32_t i = 0; i < tokens; ++i)
      request.scratch.push_back(
          {.position = begin + i, .token = drafted_token(begin + i), .before = begin, .last = i + 1});
    for (uint32_t i = 0; i < span_; ++i) {
      const uint32_t position = drafts_[i].position, row = tokens + i;
      const uint64_t before = (uint64_t{1} << (position - begin)) - 1;
      request.scratch.push_back({.position = position,
                                 .token = session_->mask_token(),
                                 .before = begin,
                                 .last = row + 1,
                                 .seen = before | uint64_t{1} << row});
      request.judged.push_back(
          {.scratch_row = row,
           .position = position,
           .token = drafts_[i].token,
           .draft_row = samples() ? std::optional(position - window().begin) : std::nullopt,
           .temperature = judging_temperature(*session_)});
    }
    return request;
  }

  int32_t drafted_token(uint32_t position) const {
    const auto drafted = std::ranges::find(drafts_, position, &S2d2Draft::position);
    return drafted != drafts_.end() ? drafted->token : session_->tokens()[position];
  }

  uint32_t apply(std::span<const tensor::Verdict> verdicts) {
    std::vector<Fill> fills;
    for (uint32_t i = 0; i < span_; ++i) fills.push_back({drafts_[i].position, drafts_[i].token});
    open_.show(*session_, fills);
    uint32_t accepted = 0;
    for (bool going = true; going && accepted < span_; accepted += going) {
      const tensor::Verdict& v = verdicts[accepted];
      Fill fill = fills[accepted];
      going = accepts(*session_, v, fill.token);
      if (!going) fill.token = correction(*session_, v);
      open_.settle(*session_, fill, rejection_reason(*session_), std::exp(v.log_q));
    }
    open_.take_back(*session_);
    return accepted;
  }

  std::vector<S2d2Draft> open_drafts() const {
    std::vector<S2d2Draft> open = drafts_;
    std::erase_if(open, [&](const S2d2Draft& d) { return !session_->masked(d.position); });
    return open;
  }

  Session* session_;
  uint32_t index_;
  BlockCursor blocks_;
  std::unique_ptr<BlockRule> rule_;
  Router router_;
  uint32_t steps_done_ = 0;        // on the block
  Commitment share_;               // what the sampler's own step would fill
  std::vector<S2d2Draft> drafts_;  // of all masks of the block
  size_t span_ = 0;                // of them, how many the next pass judges
  OpenDrafts open_;
};

class S2d2 final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    Capacity capacity = capacity_of_blocks(sessions);
    capacity.statistics = true;
    for (uint32_t i = 0; i < sessions.size(); ++i) {
      const S2d2Text& text = texts_.emplace_back(*sessions[i], i);
      const uint32_t block = sessions[i]->options().block;
      capacity.scratch_rows = std::max(capacity.scratch_rows, 2 * block);
      capacity.judged = std::max(capacity.judged, block);
      if (text.samples()) capacity.kept_logits = std::max(capacity.kept_logits, block);
    }
    return capacity;
  }

  bool round(Run& run) override {
    std::vector<Request> requests;
    for (S2d2Text& text : texts_)
      if (!text.done()) requests.push_back(text.next());
    const Answers answers = run.denoiser.step(requests);
    for (size_t i = 0; i < requests.size(); ++i)
      apply(run, requests[i].session, answers.statistics[i], answers.verdicts[i]);
    return std::ranges::any_of(texts_, [](const S2d2Text& t) { return !t.done(); });
  }

  std::string explanation() const override {
    return fmt::format(
        "{} of {} drafts were verified (last score {:.2f}); {} of {} judged tokens were accepted.", verified_,
        drafts_, score_, accepted_, judged_);
  }

 private:
  void apply(Run& run, uint32_t index, std::span<const tensor::TokenStats> candidates,
             std::span<const tensor::Verdict> verdicts) {
    S2d2Text& text = texts_[index];
    if (!text.verifying()) {
      ++drafts_;
      const bool verifies = text.take_draft(candidates);
      score_ = text.score();
      if (verifies) return;
    } else {
      ++verified_;
      judged_ += verdicts.size();
    }
    Session& s = text.session();
    change_canvas(s, index, run.denoiser, [&] { accepted_ += text.finish_step(verdicts); });
    if (s.options().stop_at_end && s.ended()) s.finish_with_end_tokens();
  }

  std::vector<S2d2Text> texts_;
  uint64_t drafts_ = 0, verified_ = 0, judged_ = 0, accepted_ = 0;  // of all texts and rounds
  double score_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_s2d2() { return std::make_unique<S2d2>(); }

}  // namespace unmask::decode
