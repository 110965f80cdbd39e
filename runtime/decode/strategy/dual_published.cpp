// DualDiffusion as published (Goyal et al. 2026, arXiv 2604.05250, and the authors' code), for comparison: a
// drafter fills masks for so many steps, the verifier takes one step on what it wrote, which fills one mask,
// and a rule says which tokens are masked again. The verifier sees the tokens that it judges, and the default
// rule rejects nothing; strategy dual does better on both counts.
//
// The models need not share a tokenizer: the canvas of each is its own, and text goes from one to the other.
// What is rejected is found by which tokens were made from which, where published code uses positions of one
// canvas for the other. With option dual_compat everything behind the first mask is thrown away, special
// tokens are lost on the way, and masks that are left at the end stay empty, as there.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "decode/block_rule.h"
#include "decode/strategy.h"
#include "decode/text_bridge.h"

namespace unmask::decode {

namespace {

using Converted = TextBridge::Converted;

constexpr uint32_t tokens_per_verification = 1;  // k
constexpr float least_probability = 0.5f;        // of rule kl, which computes no divergence

void require_publishable(const Session& s) {
  require(s.generated().size() <= most_candidates_per_sequence, Status::invalid_argument,
          "A text of {} tokens is too long for strategy dual-published; the most is {}.",
          s.generated().size(), most_candidates_per_sequence);
}

// A canvas on the host and on the device.
struct Canvas {
  Session& session;
  Denoiser& denoiser;
  uint32_t index;

  // The generated region becomes these tokens, and what is left of it `pad`.
  void show(std::span<const int32_t> tokens, int32_t pad, Reason reason) const {
    const uint32_t begin = session.prompt_length();
    for (uint32_t p = begin; p < session.length(); ++p)
      put(p, p - begin < tokens.size() ? tokens[p - begin] : pad, reason);
  }

  void put(uint32_t position, int32_t token, Reason reason) const {
    const int32_t mask = session.mask_token();
    if (session.tokens()[position] == token) return;
    if (token == mask) {
      session.remask(position, reason, -1);
    } else {
      session.change(position, token, session.masked(position) ? EventKind::drafted : EventKind::revised);
    }
    denoiser.refresh(index, position);
  }
};

// One text, on the canvases of both models. Tokens are numbered from the end of the prompt.
class Pair {
 public:
  Pair(Session& text, Session& drafter, uint32_t index)
      : text_(&text),
        drafter_(&drafter),
        index_(index),
        rule_(make_plain_rule(drafter)),
        windows_(drafter.blocks()),
        to_text_(drafter.model(), text.model(), options().compat),
        to_drafter_(text.model(), drafter.model(), options().compat) {
    require_publishable(text);
    require_publishable(drafter);
    require_plain(drafter, "dual-published");
    const bool same =
        to_text_.is_identity() && !options().compat && std::ranges::equal(text.tokens(), drafter.tokens());
    const bool empty =
        text.masks_left() == text.generated().size() && drafter.masks_left() == drafter.generated().size();
    require(
        same || empty, Status::unsupported,
        "Strategy dual-published fills the gaps of a text only where drafter and verifier have the same tokens "
        "and the same canvas, and without option dual_compat.");
    require(text.end_token() >= 0 && drafter.end_token() >= 0, Status::unsupported,
            "Strategy dual-published needs models whose texts have an end token.");
    for (const int32_t token : drafter.generated()) given_.push_back(token != drafter.mask_token());
  }

  bool done() const { return text_->masks_left() == 0; }
  Session& drafter() const { return *drafter_; }

  void begin_round(const Canvas& canvas) {
    steps_done_ = passes_ = 0;
    if (options().compat) mask_behind_first_mask(canvas);
    known_before_ = known();
  }

  bool wants_draft() const {
    return !done() && drafter_->masks_left() > 0 && (finishes() || passes_ < options().draft_steps);
  }

  Request draft() {
    ++passes_;
    size_t block = 0;
    while (drafter_->masks_in(windows_[block].begin, windows_[block].end) == 0) ++block;
    if (block != block_) steps_done_ = 0;
    block_ = block;
    const Window w = windows_[block];
    if (begins_with_the_row_before(*drafter_, w)) return {index_, w, {w.begin}, {.at_least = 1}};
    BlockStep step = rule_->step(block, masked_positions(*drafter_, w), steps_done_++);
    return {index_, w, std::move(step.positions), step.commitment};
  }

  void end_draft() {
    drafter_->take_events();
    const bool block_is_full = drafter_->masks_in(windows_[block_].begin, windows_[block_].end) == 0;
    if (block_is_full && drafter_->options().stop_at_end && drafter_->ended())
      drafter_->finish_with_end_tokens();
  }

  // The verifier's canvas becomes the drafter's text.
  void show(const Canvas& text, Reason reason) {
    shown_ = to_text_.convert(drafter_->generated());
    if (options().compat) {
      const auto first = std::ranges::find(shown_.tokens, text_->mask_token());
      shown_.tokens.erase(first, shown_.tokens.end());
    }
    const bool open = drafter_->masks_left() > 0 || options().compat;
    text.show(shown_.tokens, open ? text_->mask_token() : text_->end_token(), reason);
  }

  Request verification() {
    const Window all = {text_->prompt_length(), text_->length()};
    Request r = {.session = index_, .window = all, .positions = masked_positions(*text_, all)};
    r.commitment.at_least = std::min(tokens_per_verification, static_cast<uint32_t>(r.positions.size()));
    r.refresh = true;
    for (uint32_t p = all.begin; p < all.end; ++p)
      if (!text_->masked(p)) r.judged.push_back({tensor::none, p, text_->tokens()[p]});
    return r;
  }

  // What the rule makes of the drafter's text.
  void apply(const Request& request, std::span<const tensor::Verdict> verdicts, const Canvas& drafter) {
    std::vector<float> probability(text_->generated().size(), 1);  // of what was judged, by the verifier
    for (size_t i = 0; i < verdicts.size(); ++i)
      probability[request.judged[i].position - text_->prompt_length()] = std::exp(verdicts[i].log_q);
    const Converted verified = to_drafter_.convert(text_->generated());
    const std::vector<bool> rejected = rejections(verified, probability);
    const std::vector<bool> known_then = known();
    const bool complete = text_->masks_left() == 0;
    if (options().rule != PublishedRule::none)
      drafter.show(verified.tokens, complete ? drafter_->end_token() : drafter_->mask_token(),
                   Reason::disagrees);
    const uint32_t begin = drafter_->prompt_length();
    for (uint32_t i = 0; i < rejected.size(); ++i)
      if (rejected[i]) drafter.put(begin + i, drafter_->mask_token(), Reason::improbable);
    drafter_->take_events();
    count(known_then);
    ++rounds_;
  }

  // After the last round the drafter alone writes what is left; published code leaves it empty.
  bool finishes() const { return rounds_ >= options().most_iterations; }
  bool is_cut_off() const { return finishes() && options().compat; }
  void finish() { text_->finish_with_end_tokens(); }

 private:
  const PublishedOptions& options() const { return text_->options().published; }

  std::vector<bool> known() const {
    std::vector<bool> all;
    for (const int32_t token : drafter_->generated()) all.push_back(token != drafter_->mask_token());
    return all;
  }

  void mask_behind_first_mask(const Canvas& canvas) const {
    const uint32_t begin = drafter_->prompt_length();
    for (uint32_t p = drafter_->first_mask(); p < drafter_->length(); ++p)
      if (!given_[p - begin]) canvas.put(p, drafter_->mask_token(), Reason::displaced);
  }

  // Of each token of the drafter's canvas.
  std::vector<bool> rejections(const Converted& verified, std::span<const float> probability) const {
    const std::span<const int32_t> own = drafter_->generated();
    const size_t count = std::min(own.size(), verified.tokens.size());
    std::vector<bool> rejected(own.size(), false);
    for (size_t i = 0; i < count; ++i) {
      if (given_[i] || verified.tokens[i] == drafter_->mask_token()) continue;
      const bool differs = own[i] != drafter_->mask_token() && own[i] != verified.tokens[i];
      const bool doubted = least(probability, verified.sources[i]) < options().confidence;
      switch (options().rule) {
        case PublishedRule::exact_match:
          rejected[i] = differs;
          break;
        case PublishedRule::confidence:
          rejected[i] = doubted;
          break;
        case PublishedRule::disagreement_or_confidence:
          rejected[i] = differs || doubted;
          break;
        case PublishedRule::kl:
          rejected[i] = drafted_now(i) && first_made_from(i, probability) < least_probability;
          break;
        default:
          break;
      }
    }
    return rejected;
  }

  bool drafted_now(size_t i) const {
    return !known_before_[i] && drafter_->generated()[i] != drafter_->mask_token();
  }

  static float least(std::span<const float> probability, Converted::Source source) {
    return std::ranges::min(probability.subspan(source.begin, source.end - source.begin));
  }

  // Of the first token on the verifier's canvas that token i was made into.
  float first_made_from(size_t i, std::span<const float> probability) const {
    const auto found =
        std::ranges::find_if(shown_.sources, [&](Converted::Source s) { return s.begin <= i && i < s.end; });
    const auto at = static_cast<size_t>(found - shown_.sources.begin());
    return at < probability.size() ? probability[at] : 1;
  }

  void count(const std::vector<bool>& drafted) const {
    const std::vector<bool> kept = known();
    for (size_t i = 0; i < drafted.size(); ++i) {
      if (known_before_[i] || !drafted[i]) continue;
      ++text_->statistics().drafted;
      if (kept[i]) ++text_->statistics().accepted;
    }
  }

  Session *text_, *drafter_;
  uint32_t index_;
  std::unique_ptr<BlockRule> rule_;  // the drafter's
  std::vector<Window> windows_;      // its blocks
  TextBridge to_text_, to_drafter_;
  std::vector<bool> given_;         // not to be written, per token of the drafter's canvas
  std::vector<bool> known_before_;  // the round, likewise
  Converted shown_;                 // what the verifier's canvas shows
  size_t block_ = 0;
  uint32_t steps_done_ = 0;  // on the drafter's block
  uint32_t passes_ = 0;      // of the drafter in this round
  uint32_t rounds_ = 0;
};

class DualPublished final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    texts_.assign(sessions.begin(), sessions.end());
    Capacity capacity;
    for (const Session* s : sessions) {
      const auto length = static_cast<uint32_t>(s->generated().size());
      capacity.candidates += length;
      capacity.judged = std::max(capacity.judged, length);
    }
    return capacity;
  }

  Capacity begin_drafters(std::span<Session* const> drafters) override {
    for (uint32_t i = 0; i < drafters.size(); ++i) pairs_.emplace_back(*texts_[i], *drafters[i], i);
    return capacity_of_blocks(drafters);
  }

  bool round(Run& run) override {
    std::vector<uint32_t> going;
    for (uint32_t i = 0; i < pairs_.size(); ++i)
      if (!pairs_[i].done()) going.push_back(i);
    for (const uint32_t i : going) pairs_[i].begin_round(drafter(run, i));
    while (draft(run)) {
    }
    for (const uint32_t i : going) pairs_[i].show(text(run, i), Reason::displaced);
    verify(run, going);
    return std::ranges::any_of(pairs_, [](const Pair& p) { return !p.done(); });
  }

  std::string explanation() const override { return explanation_; }

 private:
  Canvas text(Run& run, uint32_t i) const { return {*run.sessions[i], run.denoiser, i}; }
  Canvas drafter(Run& run, uint32_t i) const { return {*run.drafters[i], *run.drafter_denoiser, i}; }

  // One pass of the drafters. Whether there was any.
  bool draft(Run& run) {
    std::vector<Request> requests;
    for (Pair& p : pairs_)
      if (p.wants_draft()) requests.push_back(p.draft());
    if (requests.empty()) return false;
    run.drafter_denoiser->step(requests);
    for (const Request& r : requests) pairs_[r.session].end_draft();
    return true;
  }

  // Texts that are finished without a verification take no part.
  void verify(Run& run, std::span<const uint32_t> going) {
    std::vector<Request> requests;
    for (const uint32_t i : going)
      if (!pairs_[i].finishes()) requests.push_back(pairs_[i].verification());
    if (requests.empty()) return;
    const Answers answers = run.denoiser.step(requests);
    for (size_t k = 0; k < requests.size(); ++k) {
      const uint32_t i = requests[k].session;
      pairs_[i].apply(requests[k], answers.verdicts[k], drafter(run, i));
      pairs_[i].show(text(run, i), Reason::improbable);
      if (pairs_[i].is_cut_off()) pairs_[i].finish();
    }
    explain(requests);
  }

  void explain(std::span<const Request> requests) {
    uint64_t drafted = 0, accepted = 0;
    for (const Request& r : requests) {
      drafted += texts_[r.session]->statistics().drafted;
      accepted += texts_[r.session]->statistics().accepted;
    }
    explanation_ =
        fmt::format("{} tokens drafted so far, {} of them left standing by the rule.", drafted, accepted);
  }

  std::vector<Session*> texts_;
  std::vector<Pair> pairs_;
  std::string explanation_;
};

}  // namespace

std::unique_ptr<Strategy> make_dual_published() { return std::make_unique<DualPublished>(); }

}  // namespace unmask::decode
