// Exact verification by state replication: the tokens of plain decoding, bit for bit, in fewer passes of the
// model.
//
// Drafts are states of a block that plain decoding may come to, each with more masks filled than the one
// before. One pass of the verifier computes what its own sampler would do in the present state and in each of
// them, which stand side by side, each seeing itself alone. Whatever it would do in the present state is
// done. If that leads to one of the drafted states, what it would do there is done as well, and so on (the
// chain rule of FreeDave, Wu and Zhang 2025, arXiv 2510.00294). Noise is a function of the state, so this
// holds for sampling too.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decode/block_cursor.h"
#include "decode/block_rule.h"
#include "decode/cost_model.h"
#include "decode/judged_draft.h"
#include "decode/strategy.h"

namespace unmask::decode {

// One text, and the states that are drafted of it.
class VerifiedText {
 public:
  // The session must outlive it. Throws invalid_argument or unsupported where its options rule out that
  // states are verified by themselves.
  VerifiedText(Session& session, uint32_t index);

  Session& session() const { return *session_; }
  bool done() const { return session_->masks_left() == 0; }
  uint32_t state_rows() const { return state_rows_; }  // of one state, at most

  // The block in which the next draft is to be made, if it has a mask left.
  std::optional<Window> drafted_block() const;

  // Moves on to the block to be written; there must be one.
  void advance();

  // Whether the next step must be taken on the canvas itself, without drafts; and that step.
  bool steps_on_canvas() const;
  Request canvas_step();

  // Begins a round without drafts; appends a state further on than the last one.
  void begin_drafts() { states_ = {{{}, blocks_.index()}}; }
  void draft(std::span<const Fill> more);

  // Begins a round with at most `count` states that follow from the verifier's last ranking.
  void draft_from_ranking(uint32_t count);

  uint32_t drafts() const { return drafts_before(states_.size()); }
  bool drafted_nothing() const { return states_.size() == 1; }

  // What is to be computed of the states.
  std::vector<Trial> trials();

  // Does what the verifier would do, given the outcomes of trials(). How many drafted states it came to.
  uint32_t apply(std::span<const Outcome> outcomes);

  // How a canvas step has ranked the masks that it left.
  void set_ranking(std::vector<Fill> ranking) { ranking_ = std::move(ranking); }

  // Whether plain decoding would stop here, because the text has ended.
  bool has_ended() const { return has_ended(written_); }

 private:
  // The canvas with some masks filled. Where these are all of a block, the state after it is that of the next
  // block: nothing was drafted for it, but what the verifier would do there is worth knowing.
  struct State {
    std::vector<Fill> fills;
    size_t block;          // that is written next
    bool begins = false;   // with nothing drafted in it
    size_t trial = none_;  // its number among the trials, or none_
  };
  static constexpr size_t none_ = SIZE_MAX;

  bool has_ended(size_t block) const;
  bool looks_ahead() const;
  std::vector<uint32_t> masks_of(const State& state) const;
  BlockStep step_from(const State& state) const;
  uint32_t drafts_before(size_t state) const;
  size_t state_after(size_t state, const Outcome& outcome) const;

  Session* session_;
  uint32_t index_;  // of the session
  std::unique_ptr<BlockRule> rule_;
  BlockCursor blocks_;  // the block being written
  size_t written_ = 0;  // the block of the last step
  uint32_t state_rows_ = 0;
  bool begins_on_canvas_ = false, block_begun_ = false;
  std::vector<State> states_ = {{{}, 0}};  // the first is the canvas
  std::vector<Fill> ranking_;              // of masks, by the last step
  OpenDrafts open_;
};

// The texts of a decoder, verified together.
class Verification {
 public:
  // The capacity that rounds need. Option draft_length of the first session counts for all.
  Capacity begin(std::span<Session* const> sessions);

  std::vector<VerifiedText>& texts() { return texts_; }
  CostModel& costs() { return costs_; }

  // The texts that this round drafts for, at their blocks, with no drafts yet. The others are done, or their
  // next step is taken on the canvas.
  std::vector<uint32_t> begin_round();

  // How many drafts of each text this round should make.
  uint32_t draft_length(std::span<const uint32_t> drafting);

  // One pass: verifies the drafts of texts `drafting`, and takes the steps on the canvases of others and of
  // those without any. Whether some text is not done.
  bool verify(Run& run, std::span<const uint32_t> drafting);

  std::string explanation() const { return adaptive_ ? costs_.explanation() : ""; }

 private:
  void observe(const Answers& answers);
  void apply(Run& run, uint32_t text, std::span<const Outcome> outcomes);

  std::vector<VerifiedText> texts_;
  std::vector<Request> steps_;  // on canvases, in this round
  uint32_t most_drafts_ = 0;
  bool adaptive_ = false;
  CostModel costs_;
};

}  // namespace unmask::decode
