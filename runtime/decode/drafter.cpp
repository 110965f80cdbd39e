#include "decode/drafter.h"

#include <algorithm>

#include "base/error.h"
#include "decode/judged_draft.h"

namespace unmask::decode {

void require_same_text(const Session& drafter, const Session& session) {
  const model::ModelConfig &own = drafter.model().config, &other = session.model().config;
  require(own.vocabulary == other.vocabulary && own.mask_token == other.mask_token, Status::invalid_argument,
          "The drafter's vocabulary has {} tokens and mask {}, the model's {} and {}; they must be the same.",
          own.vocabulary, own.mask_token, other.vocabulary, other.mask_token);
  require(std::ranges::equal(drafter.tokens(), session.tokens()) &&
              drafter.prompt_length() == session.prompt_length() &&
              std::ranges::equal(drafter.blocks(), session.blocks(), {}, &Window::begin, &Window::begin),
          Status::invalid_argument,
          "The drafter's canvas is not that of the session it drafts for; set the same prompt and the same "
          "options 'length' and 'block' in both.");
}

Drafter::Drafter(Session& s, const Session& verifier)
    : session_(&s), rule_(make_plain_rule(s)), windows_(s.blocks()) {
  require_same_text(s, verifier);
}

std::optional<Request> Drafter::next(uint32_t index, Window block) {
  std::vector<uint32_t> masked = masked_positions(*session_, block);
  if (masked.empty()) return std::nullopt;
  if (begins_with_the_row_before(*session_, block))
    return Request{index, block, {block.begin}, {.at_least = 1}};
  const auto number = std::ranges::find(windows_, block.begin, &Window::begin) - windows_.begin();
  BlockStep step = rule_->step(static_cast<size_t>(number), std::move(masked), steps_done_++);
  return Request{index, block, std::move(step.positions), step.commitment};
}

std::vector<Fill> Drafter::take() {
  std::vector<Fill> fills;
  for (const Event& e : session_->take_events()) fills.push_back({e.position, e.token});
  return fills;
}

void Drafter::follow(const Session& verifier, uint32_t index, Denoiser& denoiser) {
  change_canvas(*session_, index, denoiser, [&] { session_->copy_canvas(verifier); });
  session_->take_events();
  steps_done_ = 0;
}

}  // namespace unmask::decode
