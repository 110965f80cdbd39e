#include "decode/judged_draft.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/error.h"

namespace unmask::decode {

void OpenDrafts::show(Session& s, std::vector<Fill> fills) {
  assert(open_.empty());
  open_ = std::move(fills);
  s.statistics().drafted += open_.size();
  for (const Fill& f : open_) s.change(f.position, f.token, EventKind::drafted);
}

bool OpenDrafts::holds(uint32_t position) const {
  return std::ranges::find(open_, position, &Fill::position) != open_.end();
}

void OpenDrafts::settle(Session& s, const Fill& fill, Reason reason, float probability) {
  const auto drafted = std::ranges::find(open_, fill.position, &Fill::position);
  if (drafted == open_.end()) return s.change(fill.position, fill.token, EventKind::committed);
  if (drafted->token == fill.token) {
    ++s.statistics().accepted;
    s.change(fill.position, fill.token, EventKind::accepted, Reason::none, probability);
  } else {
    s.change(fill.position, fill.token, EventKind::rejected, reason, probability);
  }
  open_.erase(drafted);
}

void OpenDrafts::take_back(Session& s) {
  for (const Fill& f : open_) s.change(f.position, s.mask_token(), EventKind::rejected, Reason::displaced);
  open_.clear();
}

void change_canvas(Session& s, uint32_t index, Denoiser& denoiser, const std::function<void()>& change) {
  const std::vector<int32_t> before(s.tokens().begin(), s.tokens().end());
  change();
  for (uint32_t p = s.prompt_length(); p < before.size(); ++p)
    if (s.tokens()[p] != before[p]) denoiser.refresh(index, p);
}

void require_judged_blocks(const Session& s, std::string_view strategy) {
  const SessionOptions& o = s.options();
  require(
      s.attention_block() > 0 && !s.model().config.shifted_logits, Status::unsupported,
      "Strategy '{}' is for models whose attention is causal between blocks and whose rows predict their own "
      "position (SDAR, LLaDA2), which this one is not. Use 'exact' or 'self-draft'.",
      strategy);
  require(o.block <= most_judged_block, Status::invalid_argument,
          "Strategy '{}' judges blocks of at most {} tokens, not of {}; set a smaller option 'block'.",
          strategy, most_judged_block, o.block);
  require(!o.postpone_end, Status::invalid_argument,
          "Strategy '{}' does not know postponed end tokens; leave option 'postpone_end' at its default.",
          strategy);
  require(
      o.acceptance == Acceptance::greedy_match || (o.top_k == 0 && o.top_p >= 1), Status::invalid_argument,
      "Modified rejection sampling compares whole distributions, so strategy '{}' cannot sample with 'top_k' "
      "or 'top_p'; leave them off, or set option acceptance to 'greedy_match'.",
      strategy);
}

float judging_temperature(const Session& s) {
  return s.options().temperature > 0 ? s.options().temperature : 1;
}

uint32_t block_begin(const Session& s, Window window) {
  return window.begin / s.attention_block() * s.attention_block();
}

bool accepts(const Session& s, const tensor::Verdict& v, int32_t token) {
  if (s.options().acceptance == Acceptance::rejection_sampling) return v.accepted != 0;
  return v.best_token == static_cast<uint32_t>(token);
}

int32_t correction(const Session& s, const tensor::Verdict& v) {
  const bool sampled = s.options().acceptance == Acceptance::rejection_sampling;
  return token_of(s, sampled ? v.replacement : v.best_token);
}

int32_t token_of(const Session& s, uint32_t token) {
  require(
      token < s.model().config.vocabulary, Status::internal,
      "The device judged a token by {}, which is none; its driver may be defective, or the model's weights.",
      token);
  return static_cast<int32_t>(token);
}

Reason rejection_reason(const Session& s) {
  return s.options().acceptance == Acceptance::rejection_sampling ? Reason::improbable : Reason::disagrees;
}

}  // namespace unmask::decode
