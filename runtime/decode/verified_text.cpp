#include "decode/verified_text.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::decode {

namespace {

constexpr uint32_t most_adaptive_drafts = 8;
constexpr uint32_t most_reported = 64;  // of the ranking that later drafts are made of

bool inside(Window w, uint32_t position) { return position >= w.begin && position < w.end; }

// The same masks filled with the same tokens, in whatever order.
bool same_state(std::vector<Fill> a, std::vector<Fill> b) {
  std::ranges::sort(a, {}, &Fill::position);
  std::ranges::sort(b, {}, &Fill::position);
  return a == b;
}

}  // namespace

VerifiedText::VerifiedText(Session& s, uint32_t index)
    : session_(&s), index_(index), rule_(make_plain_rule(s)), blocks_(s) {
  const SessionOptions& o = s.options();
  require_states(*rule_, s);
  const auto policy = cache::make_policy(o.cache, o.cache_options);
  state_rows_ = policy->most_state_rows(s.model().config, s.length(), o.block);
  begins_on_canvas_ = policy->states_follow_a_step();
}

void VerifiedText::advance() {
  if (blocks_.advance()) block_begun_ = false;
}

bool VerifiedText::steps_on_canvas() const {
  return begins_with_the_row_before(*session_, blocks_.window()) || (begins_on_canvas_ && !block_begun_);
}

Request VerifiedText::canvas_step() {
  written_ = blocks_.index();
  if (begins_with_the_row_before(*session_, blocks_.window()))
    return {index_, blocks_.window(), {blocks_.window().begin}, {.at_least = 1}};
  block_begun_ = true;
  BlockStep step = step_from({{}, blocks_.index()});
  return {.session = index_,
          .window = blocks_.window(),
          .positions = std::move(step.positions),
          .commitment = step.commitment,
          .reported = most_reported};
}

void VerifiedText::draft(std::span<const Fill> more) {
  State state = {states_.back().fills, states_.back().block};
  state.fills.insert(state.fills.end(), more.begin(), more.end());
  states_.push_back(std::move(state));
  if (!masks_of(states_.back()).empty() || !looks_ahead()) return;
  states_.push_back({states_.back().fills, blocks_.index() + 1, true});
}

std::optional<Window> VerifiedText::drafted_block() const {
  const State& last = states_.back();
  if (last.begins || masks_of(last).empty()) return std::nullopt;
  return blocks_.windows()[last.block];
}

// Whether a state of the next block can be verified before the present one is written. Not where its first
// step must be taken on the canvas.
bool VerifiedText::looks_ahead() const {
  const model::ModelConfig& c = session_->model().config;
  const size_t next = blocks_.index() + 1;
  return !begins_on_canvas_ && !(c.shifted_logits && c.block_length > 0) && next < blocks_.windows().size() &&
         session_->masks_in(blocks_.windows()[next].begin, blocks_.windows()[next].end) > 0;
}

void VerifiedText::draft_from_ranking(uint32_t count) {
  begin_drafts();
  const uint32_t each = std::max(step_from(states_.front()).commitment.at_least, 1u);
  const uint32_t masks = session_->masks_in(blocks_.window().begin, blocks_.window().end);
  std::vector<Fill> next;
  for (const Fill& fill : ranking_) {
    if (drafts() == count) return;
    if (!inside(blocks_.window(), fill.position) || !session_->masked(fill.position)) continue;
    next.push_back(fill);
    if (next.size() < each && states_.back().fills.size() + next.size() < masks) continue;
    draft(next);
    next.clear();
  }
}

std::vector<uint32_t> VerifiedText::masks_of(const State& state) const {
  std::vector<uint32_t> masked = masked_positions(*session_, blocks_.windows()[state.block]);
  std::erase_if(masked, [&](uint32_t p) {
    return std::ranges::find(state.fills, p, &Fill::position) != state.fills.end();
  });
  return masked;
}

// What plain decoding asks for in a state.
BlockStep VerifiedText::step_from(const State& state) const {
  return rule_->step_from_state(state.block, masks_of(state));
}

uint32_t VerifiedText::drafts_before(size_t state) const {
  uint32_t count = 0;
  for (size_t i = 1; i < state; ++i) count += !states_[i].begins;
  return count;
}

std::vector<Trial> VerifiedText::trials() {
  std::vector<Trial> trials;
  const bool block_causal = session_->attention_block() > 0;
  for (size_t i = 0; i < states_.size(); ++i) {
    State& state = states_[i];
    const bool followed = i + 1 < states_.size() && states_[i + 1].begins;
    const bool full = masks_of(state).empty();
    if (full && !(followed && block_causal)) continue;
    // The rows of a finished block are there to be seen by those of the next.
    BlockStep step = full ? BlockStep{} : step_from(state);
    state.trial = full ? none_ : trials.size();
    trials.push_back({.session = index_,
                      .window = blocks_.windows()[state.block],
                      .fills = state.fills,
                      .positions = std::move(step.positions),
                      .commitment = step.commitment,
                      .reported = full ? 0 : most_reported,
                      .follows = state.begins && block_causal});
  }
  return trials;
}

uint32_t VerifiedText::apply(std::span<const Outcome> outcomes) {
  open_.show(*session_, states_.back().fills);
  size_t at = 0;
  while (states_[at].trial != none_) {
    const Outcome& outcome = outcomes[states_[at].trial];
    written_ = states_[at].block;
    for (uint32_t i = 0; i < outcome.commits; ++i)
      open_.settle(*session_, outcome.ranked[i], Reason::disagrees);
    ranking_.assign(outcome.ranked.begin() + outcome.commits, outcome.ranked.end());
    const size_t next = state_after(at, outcome);
    if (next == at || has_ended(written_)) break;
    at = next;
  }
  open_.take_back(*session_);
  return drafts_before(at + 1);
}

// The last state that is the one the outcome leads to, or `state` itself where none is.
size_t VerifiedText::state_after(size_t state, const Outcome& outcome) const {
  std::vector<Fill> fills = states_[state].fills;
  fills.insert(fills.end(), outcome.ranked.begin(), outcome.ranked.begin() + outcome.commits);
  for (size_t i = states_.size() - 1; i > state; --i)
    if (same_state(states_[i].fills, fills)) return i;
  return state;
}

bool VerifiedText::has_ended(size_t block) const {
  // Drafts that are not judged yet stand in the canvas as if they were tokens.
  const auto undecided = [&](uint32_t p) { return session_->masked(p) || open_.holds(p); };
  if (!session_->options().stop_at_end) return false;
  const Window w = blocks_.windows()[block];
  for (uint32_t p = w.begin; !rule_->ends_within_block() && p < w.end; ++p)
    if (undecided(p)) return false;
  for (uint32_t p = session_->prompt_length(); p < session_->length() && !undecided(p); ++p)
    if (session_->ends_text(session_->tokens()[p])) return true;
  return false;
}

Capacity Verification::begin(std::span<Session* const> sessions) {
  Capacity capacity = capacity_of_blocks(sessions);
  most_drafts_ = sessions[0]->options().draft_length;
  adaptive_ = most_drafts_ == 0;
  if (adaptive_) most_drafts_ = most_adaptive_drafts;
  for (uint32_t i = 0; i < sessions.size(); ++i) {
    texts_.emplace_back(*sessions[i], i);
    capacity.scratch_rows = std::max(capacity.scratch_rows, (most_drafts_ + 2) * texts_[i].state_rows());
  }
  // The canvas, the drafts, and the next block's beginning.
  capacity.trials = most_drafts_ + 2;
  capacity.candidates *= most_drafts_ + 2;
  return capacity;
}

std::vector<uint32_t> Verification::begin_round() {
  std::vector<uint32_t> drafting;
  steps_.clear();
  for (uint32_t i = 0; i < texts_.size(); ++i) {
    if (texts_[i].done()) continue;
    texts_[i].advance();
    texts_[i].begin_drafts();
    if (texts_[i].steps_on_canvas()) {
      steps_.push_back(texts_[i].canvas_step());
    } else {
      drafting.push_back(i);
    }
  }
  return drafting;
}

uint32_t Verification::draft_length(std::span<const uint32_t> drafting) {
  if (!adaptive_ || drafting.empty()) return most_drafts_;
  uint32_t rows = 0;
  for (const uint32_t i : drafting) rows += texts_[i].state_rows();
  return costs_.next(most_drafts_, rows);
}

bool Verification::verify(Run& run, std::span<const uint32_t> drafting) {
  std::vector<uint32_t> tried;
  std::vector<Trial> trials;
  std::vector<size_t> ends;
  for (const uint32_t i : drafting) {
    if (texts_[i].drafted_nothing()) {
      steps_.push_back(texts_[i].canvas_step());
      continue;
    }
    for (Trial& t : texts_[i].trials()) trials.push_back(std::move(t));
    tried.push_back(i);
    ends.push_back(trials.size());
  }
  Answers answers = run.denoiser.step(steps_, trials);
  observe(answers);
  for (size_t i = 0; i < steps_.size(); ++i)
    texts_[steps_[i].session].set_ranking(std::move(answers.reports[i]));
  for (size_t i = 0, begin = 0; i < tried.size(); begin = ends[i++])
    apply(run, tried[i], std::span(answers.outcomes).subspan(begin, ends[i] - begin));
  for (VerifiedText& text : texts_)
    if (!text.done() && text.has_ended()) text.session().finish_with_end_tokens();
  return std::ranges::any_of(texts_, [](const VerifiedText& t) { return !t.done(); });
}

// Larger passes than a round with drafts has, such as those of whole prompts, say nothing about these.
void Verification::observe(const Answers& answers) {
  uint32_t most_rows = 0;
  for (const VerifiedText& text : texts_) most_rows += (most_drafts_ + 2) * text.state_rows();
  if (answers.seconds && answers.rows <= most_rows)
    costs_.observe_verification(answers.rows, *answers.seconds);
}

void Verification::apply(Run& run, uint32_t index, std::span<const Outcome> outcomes) {
  VerifiedText& text = texts_[index];
  change_canvas(text.session(), index, run.denoiser, [&] {
    const uint32_t reached = text.apply(outcomes);
    if (text.drafts() > 0) costs_.observe_acceptance(reached, text.drafts());
  });
}

}  // namespace unmask::decode
