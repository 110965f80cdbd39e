// DualDiffusion (Goyal et al. 2026, arXiv 2604.05250), with what its published form lacks: cheap passes
// draft, and one accurate pass judges all that they drafted, by rows that do not see what they judge. Where
// there is no second model, drafting is what the session's cache policy approximates, and the pass that
// verifies is the one that computes the cache anew, which was due anyway; the next block begins with what it
// kept.
//
// A drafted token is judged by its shadow: a row at its position, with the mask as its token, that sees all
// rows of the canvas but the drafted one (WINO, Hong et al. 2025, arXiv 2507.18578). What is rejected is
// masked again, wherever it stands, and nothing else is lost. A round fills at least as many masks as a step
// of plain decoding would, so that it ends; option steps counts rounds.
#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "decode/block_cursor.h"
#include "decode/block_rule.h"
#include "decode/draft_pace.h"
#include "decode/drafter.h"
#include "decode/ruling.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

// What rounds did, for the explanation.
struct Tally {
  uint32_t passes = 0, drafted = 0, kept = 0, replaced = 0, masked = 0, added = 0;
};

Commitment certain(float threshold, size_t at_least) {
  return {.at_least = static_cast<uint32_t>(at_least),
          .rule = tensor::CommitRule::threshold,
          .parameter = threshold};
}

// Multiply-adds of matrix products so far, which are nearly all of it. Depends on no other session.
double work_of(const Session& s) {
  const model::ModelConfig& c = s.model().config;
  const double attention = 2.0 * c.head_dim * (c.heads + c.kv_heads);
  const double ffn = c.experts > 0 ? 1.0 * c.expert_ffn * (c.experts_chosen + c.shared_experts) : c.ffn;
  const auto rows = static_cast<double>(s.statistics().rows);
  const auto head_rows = static_cast<double>(s.statistics().head_rows);
  return c.hidden * (rows * c.layers * (attention + 3 * ffn) + head_rows * c.vocabulary);
}

void require_served(const Session& s) {
  require(!s.model().config.shifted_logits, Status::unsupported,
          "Strategy dual judges a token by the row at its position, but in this model the row before "
          "predicts it. Use strategy 'exact' or 'self-draft'.");
  require(s.options().block <= most_commits_per_step, Status::invalid_argument,
          "A block of {} tokens is too long for strategy dual; the most is {}.", s.options().block,
          most_commits_per_step);
}

// One text: what is drafted of its present block, and what is made of that.
class DualText {
 public:
  DualText(Session& s, uint32_t index)
      : session_(&s), index_(index), rule_(make_plain_rule(s)), blocks_(s), pace_(s.options()) {
    require_served(s);
    require_states(*rule_, s);
  }

  Session& session() const { return *session_; }
  bool done() const { return session_->masks_left() == 0; }
  Window window() const { return blocks_.window(); }
  DraftPace& pace() { return pace_; }
  Tally take_tally() { return std::exchange(tally_, {}); }

  void begin_round() {
    blocks_.advance();
    masks_before_ = masks();
    const BlockStep step = rule_->step_from_state(blocks_.index(), masked_positions(*session_, window()));
    least_ = std::max(step.commitment.at_least, 1u);
    drafts_.clear();
  }

  // A drafting pass by the session itself; nothing where the block has no mask left or enough is drafted.
  std::optional<Request> draft() const {
    if (masks() == 0) return std::nullopt;
    Request r = {.session = index_, .window = window(), .positions = masked_positions(*session_, window())};
    as_draft(r);
    r.drafts = true;
    r.continues = verified_;
    return r;
  }

  // What any drafting pass commits.
  void as_draft(Request& r) const {
    r.commitment = certain(pace_.threshold(), 1);
    r.keeps_logits = session_->options().dual.rule == KeepRule::kl;
  }

  void note_pass(double work, uint32_t drafted) {
    ++tally_.passes;
    pace_.observe_draft(work, drafted);
  }

  // A token that drafting pass `pass` has put on the canvas.
  void note(uint32_t position, uint32_t pass) {
    drafts_.push_back({position, pass});
    ++session_->statistics().drafted;
  }

  Request verification() {
    Request r = {.session = index_, .window = window(), .positions = masked_positions(*session_, window())};
    const size_t more = least_ > drafts_.size() + 1 ? least_ - drafts_.size() : 1;
    r.commitment = certain(session_->options().dual.verify_threshold, std::min(r.positions.size(), more));
    r.refresh = true;
    add_shadows(r);
    verified_ = true;
    return r;
  }

  void apply(std::span<const tensor::Verdict> verdicts, double work, Denoiser& denoiser) {
    const uint32_t filled = masks_before_ - masks();
    std::vector<Ruling> rulings = rule_on_all(verdicts);
    limit_masked(rulings, filled - least_);
    const Tally before = tally_;
    for (size_t i = 0; i < rulings.size(); ++i) carry_out(rulings[i], drafts_[i].position, denoiser);
    const auto drafted = static_cast<uint32_t>(drafts_.size());
    tally_.drafted += drafted, tally_.added += filled - drafted;
    std::vector<uint32_t> passes;
    for (const Draft& d : drafts_) passes.push_back(d.pass);
    pace_.observe_verification(work, filled - drafted, passes, drafted - (tally_.kept - before.kept));
    if (masks() == 0 && session_->options().stop_at_end && session_->ended())
      session_->finish_with_end_tokens();
  }

 private:
  struct Draft {
    uint32_t position, pass;
  };

  uint32_t masks() const { return session_->masks_in(window().begin, window().end); }

  // Each sees the canvas but for its own position, as far as attention reaches.
  ScratchRow shadow(uint32_t position, uint32_t first, uint32_t last) const {
    const uint32_t length = session_->length(), block = session_->attention_block();
    const uint32_t end = block == 0 ? length : std::min((position / block + 1) * block, length);
    return {.position = position,
            .token = session_->mask_token(),
            .before = position,
            .first = first,
            .last = last,
            .after = position + 1,
            .after_end = end};
  }

  void add_shadows(Request& r) const {
    const DualOptions& o = session_->options().dual;
    const uint32_t begin = std::max(window().begin, session_->prompt_length());
    const uint32_t all = window().end - begin;
    for (uint32_t i = 0; o.shadows == Shadows::block && i < all; ++i)
      r.scratch.push_back(shadow(begin + i, 0, all));
    for (uint32_t i = 0; i < drafts_.size(); ++i) {
      const uint32_t position = drafts_[i].position;
      if (o.shadows == Shadows::own) r.scratch.push_back(shadow(position, i, i + 1));
      r.judged.push_back({.scratch_row = o.shadows == Shadows::own ? i : position - begin,
                          .position = position,
                          .token = session_->tokens()[position]});
      if (o.rule == KeepRule::kl) r.judged.back().draft_row = position - window().begin;
    }
  }

  std::vector<Ruling> rule_on_all(std::span<const tensor::Verdict> verdicts) const {
    std::vector<Ruling> rulings;
    for (size_t i = 0; i < drafts_.size(); ++i) {
      const uint32_t position = drafts_[i].position;
      rulings.push_back(rule_on(session_->tokens()[position], verdicts[i], session_->times_remasked(position),
                                session_->options().dual, session_->model().config));
    }
    return rulings;
  }

  void carry_out(const Ruling& r, uint32_t position, Denoiser& denoiser) {
    if (r.fate == Fate::kept) {
      ++tally_.kept, ++session_->statistics().accepted;
      return session_->change(position, r.token, EventKind::accepted, Reason::none, r.probability);
    }
    if (r.fate == Fate::masked) {
      ++tally_.masked;
      session_->remask(position, r.reason, r.probability);
    } else {
      ++tally_.replaced;
      session_->change(position, r.token, EventKind::rejected, r.reason, r.probability);
    }
    denoiser.refresh(index_, position);
  }

  Session* session_;
  uint32_t index_;
  std::unique_ptr<BlockRule> rule_;
  BlockCursor blocks_;
  DraftPace pace_;
  uint32_t masks_before_ = 0;  // the round, in its block
  uint32_t least_ = 1;         // masks of it that the round must fill
  bool verified_ = false;      // once at least, by a pass of this model
  std::vector<Draft> drafts_;  // in the order in which they came
  Tally tally_;
};

Capacity capacity_of_dual(std::span<Session* const> sessions) {
  Capacity capacity = capacity_of_blocks(sessions);
  for (const Session* s : sessions)
    if (s->options().dual.rule == KeepRule::kl)
      capacity.kept_logits = std::max(capacity.kept_logits, s->options().block);
  return capacity;
}

class Dual final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    Capacity capacity = capacity_of_dual(sessions);
    for (uint32_t i = 0; i < sessions.size(); ++i) {
      texts_.emplace_back(*sessions[i], i);
      capacity.scratch_rows = std::max(capacity.scratch_rows, sessions[i]->options().block);
    }
    capacity.judged = capacity.scratch_rows;
    kept_logits_ = capacity.kept_logits;
    return capacity;
  }

  Capacity begin_drafters(std::span<Session* const> drafters) override {
    for (size_t i = 0; i < drafters.size(); ++i) drafters_.emplace_back(*drafters[i], texts_[i].session());
    Capacity capacity = capacity_of_blocks(drafters);
    capacity.kept_logits = kept_logits_;
    return capacity;
  }

  bool round(Run& run) override {
    std::vector<uint32_t> going;
    for (uint32_t i = 0; i < texts_.size(); ++i)
      if (!texts_[i].done()) going.push_back(i);
    for (const uint32_t i : going) texts_[i].begin_round();
    for (uint32_t pass = 1; draft(run, going, pass); ++pass) {
    }
    verify(run, going);
    for (uint32_t i = 0; i < drafters_.size(); ++i)
      drafters_[i].follow(*run.sessions[i], i, *run.drafter_denoiser);
    explain(going);
    return std::ranges::any_of(texts_, [](const DualText& t) { return !t.done(); });
  }

  std::string explanation() const override { return explanation_; }

 private:
  // One drafting pass of all texts that are to have one more. Whether there was any.
  bool draft(Run& run, std::span<const uint32_t> going, uint32_t pass) {
    std::vector<Request> requests;
    std::vector<double> work;
    for (const uint32_t i : going) {
      if (pass > texts_[i].pace().length()) continue;
      std::optional<Request> request =
          drafters_.empty() ? texts_[i].draft() : drafters_[i].next(i, texts_[i].window());
      if (!request) continue;
      texts_[i].as_draft(*request);
      requests.push_back(std::move(*request));
      work.push_back(work_of(drafting(run, i)));
    }
    if (requests.empty()) return false;
    (drafters_.empty() ? run.denoiser : *run.drafter_denoiser).step(requests);
    for (size_t k = 0; k < requests.size(); ++k) {
      const uint32_t i = requests[k].session;
      texts_[i].note_pass(work_of(drafting(run, i)) - work[k], take_drafts(run, requests[k], pass));
    }
    return true;
  }

  Session& drafting(Run& run, uint32_t i) const {
    return drafters_.empty() ? *run.sessions[i] : *run.drafters[i];
  }

  // Tells a text what was drafted of it, a drafter's tokens also on its canvas. How many they are.
  uint32_t take_drafts(Run& run, const Request& request, uint32_t pass) {
    const uint32_t i = request.session;
    Session &text = *run.sessions[i], &drafter = drafting(run, i);
    uint32_t count = 0;
    for (const uint32_t position : request.positions) {
      if (drafter.masked(position)) continue;
      if (text.masked(position)) {
        text.change(position, drafter.tokens()[position], EventKind::drafted);
        run.denoiser.refresh(i, position);
      }
      texts_[i].note(position, pass);
      ++count;
    }
    return count;
  }

  void verify(Run& run, std::span<const uint32_t> going) {
    std::vector<Request> requests;
    std::vector<double> work;
    for (const uint32_t i : going) {
      requests.push_back(texts_[i].verification());
      work.push_back(work_of(*run.sessions[i]));
    }
    const Answers answers = run.denoiser.step(requests);
    for (size_t k = 0; k < going.size(); ++k)
      texts_[going[k]].apply(answers.verdicts[k], work_of(*run.sessions[going[k]]) - work[k], run.denoiser);
  }

  void explain(std::span<const uint32_t> going) {
    Tally all;
    for (const uint32_t i : going) {
      const Tally t = texts_[i].take_tally();
      all.passes += t.passes, all.drafted += t.drafted, all.added += t.added;
      all.kept += t.kept, all.replaced += t.replaced, all.masked += t.masked;
    }
    explanation_ = fmt::format(
        "{} tokens drafted in {} passes: {} kept, {} replaced, {} masked again; the verification filled {} more. {}",
        all.drafted, all.passes, all.kept, all.replaced, all.masked, all.added,
        texts_[going.front()].pace().explanation());
  }

  std::vector<DualText> texts_;
  std::vector<Drafter> drafters_;
  uint32_t kept_logits_ = 0;
  std::string explanation_;
};

}  // namespace

std::unique_ptr<Strategy> make_dual() { return std::make_unique<Dual>(); }

}  // namespace unmask::decode
