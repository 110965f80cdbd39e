// SimSD as published (Cui et al. 2026, arXiv 2606.02544): a small block-diffusion model denoises a block, and
// one pass of the large one judges all its tokens, each by what the draft had revealed before it. They are
// accepted from left to right up to the first that fails, which the large model corrects.
//
// Not exact: in two layers' time the judged token reaches its own judgement through the masks of its step,
// and a token is judged with tokens to its right that may be thrown away (strategy exact is the remedy).
// Where the published loops write other tokens into the text than into its context, here they are the same.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "decode/block_cursor.h"
#include "decode/drafter.h"
#include "decode/judged_draft.h"
#include "decode/strategy.h"
#include "decode/temporal_mask.h"

namespace unmask::decode {

namespace {

struct SimSdDraft {
  uint32_t position;
  int32_t token;
  uint32_t step;  // of the drafter, that revealed it
};

// One text and the draft of its block.
class SimSdText {
 public:
  SimSdText(Session& s, uint32_t index) : session_(&s), index_(index), blocks_(s) {
    require_judged_blocks(s, "simsd");
    require(s.options().acceptance == Acceptance::greedy_match || s.options().temperature > 0,
            Status::invalid_argument,
            "Modified rejection sampling needs drafts that are drawn at random; set a temperature, or option "
            "acceptance to 'greedy_match'.");
    for (const int32_t token : {s.end_token(), s.model().end_of_turn_token.value_or(-1)})
      if (token >= 0 && s.options().eos_min_prob > 0 && std::ranges::find(ends_, token) == ends_.end())
        ends_.push_back(token);
  }

  Session& session() const { return *session_; }
  bool done() const { return session_->masks_left() == 0; }
  bool samples() const { return session_->options().acceptance == Acceptance::rejection_sampling; }
  Window window() const { return blocks_.window(); }
  uint32_t rounds() const { return rounds_; }
  uint32_t most_judged() const {
    return session_->options().block * (1 + static_cast<uint32_t>(ends_.size()));
  }

  void begin_round() {
    if (blocks_.advance()) redrafted_ = false;
    drafts_.clear();
    steps_ = 0;
    ++rounds_;
  }

  // Whether the draft is whole.
  bool drafted() const { return drafts_.size() == session_->masks_in(window().begin, window().end); }

  // What one more step of the drafter has revealed.
  void draft(std::span<const Fill> fills) {
    for (const Fill& f : fills) drafts_.push_back({f.position, f.token, steps_});
    ++steps_;
  }

  // The pass that judges the draft, which is whole.
  Request verification() {
    std::ranges::sort(drafts_, {}, &SimSdDraft::position);
    Request request = {.session = index_, .window = window(), .canvas_rows = false};
    request.scratch = rows();
    const auto first_mask_row = static_cast<uint32_t>(request.scratch.size() - drafts_.size());
    for (uint32_t i = 0; i < drafts_.size(); ++i)
      request.judged.push_back(judgement(i, first_mask_row + i, drafts_[i].token));
    for (const int32_t token : ends_)
      for (uint32_t i = 0; i < drafts_.size(); ++i) {
        request.judged.push_back(judgement(i, first_mask_row + i, token));
        request.judged.back().draft_row.reset();
      }
    return request;
  }

  // Writes what the judgements of that pass leave of the draft. How many tokens were accepted.
  uint32_t apply(std::span<const tensor::Verdict> verdicts) {
    const uint32_t accepted = count_accepted(verdicts);
    const std::vector<int32_t> tokens = outcome(verdicts, accepted);
    const auto judged = std::min(static_cast<uint32_t>(drafts_.size()), accepted + 1);
    std::vector<Fill> fills;
    for (const SimSdDraft& d : drafts_) fills.push_back({d.position, d.token});
    open_.show(*session_, fills);
    for (uint32_t i = 0; i < judged; ++i) {
      const int32_t token = i < tokens.size() ? tokens[i] : session_->mask_token();
      open_.settle(*session_, {drafts_[i].position, token}, rejection_reason(*session_),
                   std::exp(verdicts[i].log_q));
    }
    open_.take_back(*session_);
    for (uint32_t i = judged; i < tokens.size(); ++i)
      open_.settle(*session_, {drafts_[i].position, tokens[i]}, Reason::none);
    return accepted;
  }

 private:
  // Known tokens of the block, the drafted tokens, and as many masks in their places.
  std::vector<ScratchRow> rows() const {
    const uint32_t begin = block_begin(*session_, window());
    std::vector<ScratchRow> rows;
    for (uint32_t p = begin; p < window().end; ++p)
      if (!session_->masked(p)) rows.push_back({.position = p, .token = session_->tokens()[p]});
    std::vector<uint32_t> steps;
    for (const SimSdDraft& d : drafts_) steps.push_back(d.step);
    const std::vector<uint64_t> seen = temporal_order_masks(static_cast<uint32_t>(rows.size()), steps);
    for (const SimSdDraft& d : drafts_) rows.push_back({.position = d.position, .token = d.token});
    for (const SimSdDraft& d : drafts_)
      rows.push_back({.position = d.position, .token = session_->mask_token()});
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].before = begin;
      rows[i].last = static_cast<uint32_t>(rows.size());
      rows[i].seen = seen[i];
    }
    return rows;
  }

  Judgement judgement(uint32_t draft, uint32_t row, int32_t token) const {
    const uint32_t position = drafts_[draft].position;
    return {.scratch_row = row,
            .position = position,
            .token = token,
            .draft_row = samples() ? std::optional(position - window().begin) : std::nullopt,
            .temperature = judging_temperature(*session_)};
  }

  uint32_t count_accepted(std::span<const tensor::Verdict> verdicts) const {
    uint32_t count = 0;
    while (count < drafts_.size() && accepts(*session_, verdicts[count], drafts_[count].token)) ++count;
    return count;
  }

  // The tokens of the drafted positions, from the first on, as far as they are known after the round.
  std::vector<int32_t> outcome(std::span<const tensor::Verdict> verdicts, uint32_t accepted) {
    std::vector<int32_t> tokens;
    for (uint32_t i = 0; i < accepted; ++i) tokens.push_back(drafts_[i].token);
    if (accepted < drafts_.size()) {
      const int32_t corrected = correction(*session_, verdicts[accepted]);
      const bool spurious = session_->ends_text(corrected) && ends_improbably(verdicts, accepted);
      if (!spurious) tokens.push_back(corrected);
      // Something must be written; the next round would draft the same.
      if (spurious && accepted == 0) tokens.push_back(drafts_[0].token);
    }
    if (tokens.size() < drafts_.size() || redrafted_) fill(verdicts, accepted, tokens);
    return tokens;
  }

  bool ends_improbably(std::span<const tensor::Verdict> verdicts, uint32_t draft) const {
    double probability = 0;
    for (size_t i = 1; i <= ends_.size(); ++i)
      probability += std::exp(double{verdicts[i * drafts_.size() + draft].log_q});
    return probability < session_->options().eos_min_prob;
  }

  // What follows the correction in its block, see option partial_block_fill.
  void fill(std::span<const tensor::Verdict> verdicts, uint32_t accepted, std::vector<int32_t>& tokens) {
    PartialFill mode = session_->options().partial_fill;
    if (mode == PartialFill::redraft && std::exchange(redrafted_, !redrafted_))
      mode = PartialFill::target_argmax_all;
    if (mode == PartialFill::truncate_no_bonus && accepted > 0) tokens.resize(accepted);
    if (mode == PartialFill::target_argmax_all) tokens.clear();
    while (tokens.size() < drafts_.size()) {
      const size_t i = tokens.size();
      if (mode == PartialFill::draft_argmax) {
        tokens.push_back(drafts_[i].token);
      } else if (mode == PartialFill::target_argmax || mode == PartialFill::target_argmax_all) {
        tokens.push_back(token_of(*session_, verdicts[i].best_token));
      } else {
        break;
      }
    }
  }

  Session* session_;
  uint32_t index_;
  BlockCursor blocks_;
  std::vector<int32_t> ends_;  // tokens whose probability is asked for
  std::vector<SimSdDraft> drafts_;
  uint32_t steps_ = 0, rounds_ = 0;
  bool redrafted_ = false;  // this draft follows a rejection in its block
  OpenDrafts open_;
};

void require_same_sampling(const Session& drafter, const Session& verifier) {
  const SessionOptions &d = drafter.options(), &v = verifier.options();
  require(v.acceptance == Acceptance::greedy_match ||
              (d.temperature == v.temperature && d.top_k == 0 && d.top_p >= 1),
          Status::invalid_argument,
          "Modified rejection sampling needs drafts from softmax(logits / temperature) at the verifier's "
          "temperature of {}; give the drafter this one, and neither 'top_k' nor 'top_p'.",
          v.temperature);
}

class SimSd final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    Capacity capacity = capacity_of_blocks(sessions);
    for (uint32_t i = 0; i < sessions.size(); ++i) {
      const SimSdText& text = texts_.emplace_back(*sessions[i], i);
      const uint32_t block = sessions[i]->options().block;
      capacity.scratch_rows = std::max(capacity.scratch_rows, 2 * block);
      capacity.judged = std::max(capacity.judged, text.most_judged());
      if (text.samples()) kept_logits_ = std::max(kept_logits_, block);
    }
    capacity.kept_logits = kept_logits_;
    return capacity;
  }

  Capacity begin_drafters(std::span<Session* const> drafters) override {
    for (size_t i = 0; i < drafters.size(); ++i) {
      require_same_sampling(*drafters[i], texts_[i].session());
      drafters_.emplace_back(*drafters[i], texts_[i].session());
    }
    Capacity capacity = capacity_of_blocks(drafters);
    capacity.kept_logits = kept_logits_;
    return capacity;
  }

  bool round(Run& run) override {
    std::vector<uint32_t> going;
    for (uint32_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i].done()) continue;
      texts_[i].begin_round();
      going.push_back(i);
    }
    while (draft(run, going)) {
    }
    verify(run, going);
    for (const uint32_t i : going) drafters_[i].follow(texts_[i].session(), i, *run.drafter_denoiser);
    return std::ranges::any_of(texts_, [](const SimSdText& t) { return !t.done(); });
  }

  std::string explanation() const override {
    return fmt::format(
        "The verifier accepted {} of {} drafted tokens, and wrote {} in {} passes of one text each.",
        accepted_, drafted_, written_, passes_);
  }

 private:
  // One more step of every draft that is not whole. Whether there was any.
  bool draft(Run& run, std::span<const uint32_t> going) {
    std::vector<Request> requests;
    for (const uint32_t i : going) {
      if (texts_[i].drafted()) continue;
      requests.push_back(drafters_[i].next(i, texts_[i].window()).value());
      requests.back().keeps_logits = texts_[i].samples();
      requests.back().draw = texts_[i].rounds();  // what is drafted again must not get the same noise again
    }
    if (requests.empty()) return false;
    run.drafter_denoiser->step(requests);
    for (const Request& r : requests) texts_[r.session].draft(drafters_[r.session].take());
    return true;
  }

  void verify(Run& run, std::span<const uint32_t> going) {
    std::vector<Request> requests;
    for (const uint32_t i : going) requests.push_back(texts_[i].verification());
    const Answers answers = run.denoiser.step(requests);
    for (size_t k = 0; k < going.size(); ++k) {
      Session& s = texts_[going[k]].session();
      const uint64_t masks = s.masks_left(), drafted = s.statistics().drafted;
      change_canvas(s, going[k], run.denoiser,
                    [&] { accepted_ += texts_[going[k]].apply(answers.verdicts[k]); });
      drafted_ += s.statistics().drafted - drafted;
      written_ += masks - s.masks_left();
      ++passes_;
      if (s.options().stop_at_end && s.ended()) s.finish_with_end_tokens();
    }
  }

  std::vector<SimSdText> texts_;
  std::vector<Drafter> drafters_;
  uint32_t kept_logits_ = 0;
  uint64_t drafted_ = 0, accepted_ = 0, written_ = 0, passes_ = 0;  // of all texts and rounds
};

}  // namespace

std::unique_ptr<Strategy> make_simsd() { return std::make_unique<SimSd>(); }

}  // namespace unmask::decode
