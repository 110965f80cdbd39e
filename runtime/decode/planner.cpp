#include "decode/planner.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>
#include <utility>

#include "base/error.h"

namespace unmask::decode {

using model::ForwardPlan;
using tensor::none;

namespace {

// The random bits beyond the 24 that a uniform number of published fp32 samplers has.
constexpr uint32_t fp32_noise = 0xFF;

// dLLM-Cache's code computes guidance anew in each of a text's first steps.
constexpr uint32_t first_guided_steps = 5;

// Whether the distribution that tokens are drawn from is softmax(z) itself.
bool samples_from_softmax(const SessionOptions& o) {
  return (o.temperature == 0 || o.temperature == 1) && o.top_k == 0 && o.top_p >= 1;
}

// Two ascending lists as one.
std::vector<uint32_t> in_order(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  std::vector<uint32_t> all;
  std::ranges::merge(a, b, std::back_inserter(all));
  return all;
}

uint32_t aligned_slots(uint32_t length) {
  return (length + model::slot_alignment - 1) / model::slot_alignment * model::slot_alignment;
}

uint32_t count_of(const auto& list) { return static_cast<uint32_t>(list.size()); }

}  // namespace

std::vector<uint32_t> masked_positions(const Session& session, Window window) {
  std::vector<uint32_t> positions;
  for (uint32_t p = window.begin; p < window.end; ++p) {
    if (session.masked(p)) positions.push_back(p);
  }
  return positions;
}

std::vector<uint32_t> filled_positions(const Session& session, Window window) {
  std::vector<uint32_t> positions;
  for (uint32_t p = std::max(window.begin, session.prompt_length()); p < window.end; ++p) {
    if (!session.masked(p) && !session.pinned(p)) positions.push_back(p);
  }
  return positions;
}

Planner::Planner(std::span<Session* const> sessions, const Capacity& capacity)
    : sessions_(sessions.begin(), sessions.end()), model_(sessions[0]->model()), capacity_(capacity) {
  for (const Session* s : sessions_) {
    const bool guided = s->options().guidance > 0;
    places_.push_back({.canvas = place(*s), .mirror = std::nullopt});
    if (guided) places_.back().mirror = place(*s);
    const uint32_t rows = std::min(s->length(), model_.config.positions);
    most_rows_ += (guided ? 2 * rows : rows) + capacity.scratch_rows;
    most_guided_rows_ += guided ? rows : 0;
    reuses_guidance_ |= s->options().reuses_guidance();
  }
  for (Place& p : places_) p.scratch_slot = std::exchange(slots_, slots_ + capacity.scratch_rows);
  row_of_slot_.assign(slots_, none);
}

Planner::Canvas Planner::place(const Session& s) {
  Canvas canvas = {slots_, cache::make_policy(s.options().cache, s.options().cache_options)};
  slots_ += aligned_slots(s.length());
  const cache::Kept kept = canvas.policy->keeps();
  const std::array both = {std::min(kept, kept_), std::max(kept, kept_)};
  require(
      both != std::array{cache::Kept::keys_of_choice, cache::Kept::keys_and_features},
      Status::invalid_argument,
      "Sessions with the cache policies 'dllm' and 'sparse' cannot be stepped together; give each a decoder of "
      "its own.");
  kept_ = both[1];
  return canvas;
}

bool Planner::guided() const {
  return std::ranges::any_of(places_, [](const Place& p) { return p.mirror.has_value(); });
}

std::vector<uint32_t> Planner::canvases() const {
  std::vector<uint32_t> tokens(slots_, static_cast<uint32_t>(model_.config.mask_token));
  for (size_t i = 0; i < sessions_.size(); ++i) {
    std::ranges::copy(sessions_[i]->tokens(), tokens.begin() + places_[i].canvas.base_slot);
    if (!places_[i].mirror) continue;
    // Guidance's unconditional pass sees masks in place of the prompt.
    std::ranges::copy(sessions_[i]->generated(),
                      tokens.begin() + places_[i].mirror->base_slot + sessions_[i]->prompt_length());
  }
  return tokens;
}

void Planner::refresh(uint32_t session, uint32_t position) {
  const auto token = static_cast<uint32_t>(sessions_[session]->tokens()[position]);
  const Place& place = places_[session];
  writes_[place.canvas.base_slot + position] = token;
  if (place.mirror) writes_[place.mirror->base_slot + position] = token;
}

ForwardPlan Planner::plan(std::span<const Request> requests, std::span<const Trial> trials) {
  ForwardPlan p;
  std::ranges::fill(row_of_slot_, none);
  trial_bases_.clear();
  for (Place& place : places_) place.scratch_used = 0;
  for (const Request& r : requests) add_request(r, p);
  for (size_t i = 0; i < trials.size();) {
    const Trial& first = trials[i];
    std::vector<uint32_t> asked;
    for (const uint32_t position : first.positions)
      asked.push_back(predicting_position(model_.config, position));
    const Canvas& canvas = places_[first.session].canvas;
    const cache::Positions own = canvas.policy->plan_states(
        view({.session = first.session, .window = first.window}, canvas, asked, count_of(p.sequences)), p);
    for (; i < trials.size() && trials[i].session == first.session; ++i) add_trial(trials[i], own, p);
  }
  add_writes(p);
  if (!p.kept_logits.empty()) p.kept_logits.resize(p.candidates.size(), none);
  return p;
}

void Planner::add_request(const Request& r, ForwardPlan& p) {
  assert(r.commitment.at_least <= r.positions.size());
  Place& place = places_[r.session];
  add_rows(r, place.canvas, p);
  if (place.mirror) add_mirror_rows(r, place, p);
  const uint32_t first_scratch = count_of(p.rows);
  add_scratch_rows(r.session, r.scratch, p);
  p.sequences.push_back(sequence_step(r));
  p.sequences.back().candidate_begin = count_of(p.candidates);
  p.sequences.back().candidate_count = count_of(r.positions);
  p.sequences.back().edit_count = count_of(r.editable);
  add_candidates(r, r.positions, p);
  add_candidates(r, r.editable, p);
  add_judged(r, first_scratch, p);
}

cache::SequenceView Planner::view(const Request& r, const Canvas& canvas, std::span<const uint32_t> asked,
                                  uint32_t sequence) const {
  const Session& s = *sessions_[r.session];
  const Window seen = r.visible.end > 0 ? r.visible : Window{0, s.length()};
  assert(seen.end - seen.begin <= model_.config.positions);
  uint32_t first_open = r.editable.empty() ? s.first_mask() : std::min(s.first_mask(), r.editable.front());
  for (const Judgement& j : r.judged) first_open = std::min(first_open, j.position);
  assert(first_open >= seen.begin);
  return {.sequence = sequence,
          .base_slot = canvas.base_slot + seen.begin,
          .length = seen.end - seen.begin,
          .prompt_length = std::max(s.prompt_length(), seen.begin) - seen.begin,
          .block_length = s.attention_block(),
          .shifted_logits = model_.config.shifted_logits,
          .window_begin = r.window.begin - seen.begin,
          .window_end = r.window.end - seen.begin,
          .first_open = first_open - seen.begin,
          .tokens = s.tokens().subspan(seen.begin, seen.end - seen.begin),
          .mask_token = s.mask_token(),
          .asked = asked,
          .refresh = r.refresh,
          .continues = r.continues};
}

void Planner::add_rows(const Request& r, Canvas& canvas, ForwardPlan& p) {
  require(
      !canvas.policy->asks_only_what_is_filled() || r.commitment.at_least == r.positions.size(),
      Status::invalid_argument,
      "The cache policy '{}' must know which masks a step fills before it is computed. That goes with option "
      "remasking 'random', with alg 'origin' of strategy dream, and with strategy ancestral or first_hitting.",
      sessions_[r.session]->options().cache);
  const uint32_t seen_begin = r.visible.end > 0 ? r.visible.begin : 0;
  std::vector<uint32_t> asked;
  for (const uint32_t position : in_order(r.positions, r.editable))
    asked.push_back(predicting_position(model_.config, position) - seen_begin);
  for (const Judgement& j : r.judged)
    if (j.scratch_row == none) asked.push_back(predicting_position(model_.config, j.position) - seen_begin);
  std::ranges::sort(asked);
  if (asked.empty()) asked.push_back(r.window.end - 1 - seen_begin);
  const uint32_t first_row = count_of(p.rows);
  const cache::SequenceView seen = view(r, canvas, asked, count_of(p.sequences));
  // Where a policy keeps no keys, those that scratch rows see are computed along with them.
  if (r.canvas_rows || canvas.policy->keeps() == cache::Kept::nothing) {
    canvas.policy->plan(seen, p);
  } else {
    canvas.policy->plan_states(seen, p);
  }
  for (uint32_t row = first_row; row < p.rows.size(); ++row) row_of_slot_[p.rows[row].slot] = row;
}

void Planner::add_mirror_rows(const Request& r, Place& place, ForwardPlan& p) {
  if (guides_anew(r, place)) {
    add_rows(r, *place.mirror, p);
    if (reuses_guidance_) add_guided_rows(r, place, p);
  }
  ++place.guided_steps;
}

// dLLM-Cache (Liu et al. 2025, arXiv 2506.06295): what the prompt adds to the predictions changes slowly.
bool Planner::guides_anew(const Request& r, const Place& place) const {
  const uint32_t interval = sessions_[r.session]->options().cache_options.cfg_interval_steps;
  const std::vector<uint32_t> asked = in_order(r.positions, r.editable);
  return place.guided_steps < first_guided_steps || place.guided_steps % interval == 0 ||
         (!asked.empty() && asked.back() >= place.guided_end);
}

void Planner::add_guided_rows(const Request& r, Place& place, ForwardPlan& p) const {
  const Session& s = *sessions_[r.session];
  for (uint32_t position = s.prompt_length(); position < s.length(); ++position) {
    const uint32_t predicting = predicting_position(model_.config, position);
    const uint32_t row = row_of_slot_[place.canvas.base_slot + predicting];
    const uint32_t twin = row_of_slot_[place.mirror->base_slot + predicting];
    if (row == none || twin == none) continue;
    p.guided.push_back({row, twin, place.canvas.base_slot + position});
    place.guided_end = position + 1;
  }
}

void Planner::add_candidates(const Request& r, std::span<const uint32_t> positions, ForwardPlan& p) const {
  const Session& s = *sessions_[r.session];
  const Place& place = places_[r.session];
  for (const uint32_t position : positions) {
    assert(position >= r.window.begin && position < r.window.end);
    const uint32_t predicting = predicting_position(model_.config, position);
    const auto row = [&](const Canvas& canvas) {
      assert(row_of_slot_[canvas.base_slot + predicting] != none);
      return row_of_slot_[canvas.base_slot + predicting];
    };
    const auto twin = [&] {
      return reuses_guidance_ ? place.canvas.base_slot + position : row(*place.mirror);
    };
    p.candidates.push_back({.row = row(place.canvas),
                            .unconditional_row = place.mirror ? twin() : none,
                            .sequence = count_of(p.sequences) - 1,
                            .position = position,
                            .slot = place.canvas.base_slot + position,
                            .mirror_slot = place.mirror ? place.mirror->base_slot + position : none,
                            .times_remasked = s.times_remasked(position) + r.draw,
                            .token = static_cast<uint32_t>(s.tokens()[position])});
    if (!r.keeps_logits) continue;
    p.kept_logits.resize(p.candidates.size(), none);
    p.kept_logits.back() = r.session * capacity_.kept_logits + position - r.window.begin;
  }
}

void Planner::add_scratch_rows(uint32_t session, std::span<const ScratchRow> rows, ForwardPlan& p) {
  Place& place = places_[session];
  const uint32_t base = place.canvas.base_slot, scratch = place.scratch_slot + place.scratch_used;
  assert(place.scratch_used + rows.size() <= capacity_.scratch_rows);
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const ScratchRow& row = rows[i];
    p.computed.push_back(count_of(p.rows));
    p.rows.push_back({count_of(p.sequences), row.position, scratch + i, 0});
    p.ranges.push_back({.begin0 = base,
                        .end0 = base + row.before,
                        .begin1 = scratch + row.first - row.behind,
                        .end1 = scratch + row.last,
                        .begin2 = base + row.after,
                        .end2 = base + row.after_end,
                        .seen_low = static_cast<uint32_t>(row.seen),
                        .seen_high = static_cast<uint32_t>(row.seen >> 32)});
    writes_[scratch + i] = static_cast<uint32_t>(row.token);
  }
  place.scratch_used += count_of(rows);
}

void Planner::add_judged(const Request& r, uint32_t first_row, ForwardPlan& p) const {
  for (const Judgement& j : r.judged) {
    const bool of_canvas = j.scratch_row == none;
    assert(of_canvas || j.scratch_row < r.scratch.size());
    const uint32_t slot =
        places_[r.session].canvas.base_slot + predicting_position(model_.config, j.position);
    p.judged.push_back({.row = of_canvas ? row_of_slot_[slot] : first_row + j.scratch_row,
                        .draft_row = j.draft_row ? r.session * capacity_.kept_logits + *j.draft_row : none,
                        .sequence = count_of(p.sequences) - 1,
                        .position = j.position,
                        .token = static_cast<uint32_t>(j.token),
                        .temperature = j.temperature,
                        .draw = j.draw,
                        .reserved = 0});
  }
}

void Planner::add_trial(const Trial& t, cache::Positions own, ForwardPlan& p) {
  const Session& s = *sessions_[t.session];
  const Canvas& canvas = places_[t.session].canvas;
  const Request request = {.session = t.session, .window = t.window, .commitment = t.commitment};
  const cache::SequenceView seen = view(request, canvas, {}, count_of(p.sequences));
  // A trial that follows another has its rows behind those of that one, and sees both.
  const uint32_t seen_begin = own.begin;
  if (t.follows) own = {t.window.begin, t.window.end};
  const uint32_t behind = t.follows ? own.begin - seen_begin : 0;
  std::vector<ScratchRow> rows;
  for (uint32_t position = own.begin; position < own.end; ++position) {
    const uint32_t end = cache::keys_end(seen, position);
    rows.push_back({.position = position,
                    .token = s.tokens()[position],
                    .before = std::min(seen_begin, end),
                    .behind = behind,
                    .first = 0,
                    .last = std::min(own.end, end) - own.begin,
                    .seen = 0,
                    .after = own.end,
                    .after_end = std::max(own.end, end)});
  }
  for (const Fill& fill : t.fills)
    if (fill.position >= own.begin && fill.position < own.end)
      rows[fill.position - own.begin].token = fill.token;
  const uint32_t first_row = count_of(p.rows);
  const uint32_t base = places_[t.session].scratch_slot + places_[t.session].scratch_used - own.begin;
  add_scratch_rows(t.session, rows, p);
  trial_bases_.push_back(base);

  tensor::SequenceStep step = sequence_step(request);
  step.masks_left -= count_of(t.fills);
  step.candidate_begin = count_of(p.candidates), step.candidate_count = count_of(t.positions);
  step.reported = t.reported;
  p.sequences.push_back(step);
  for (const uint32_t position : t.positions) {
    p.candidates.push_back({.row = first_row + predicting_position(model_.config, position) - own.begin,
                            .unconditional_row = none,
                            .sequence = count_of(p.sequences) - 1,
                            .position = position,
                            .slot = base + position,
                            .mirror_slot = none,
                            .times_remasked = 0,
                            .token = static_cast<uint32_t>(s.mask_token())});
  }
}

void Planner::add_writes(ForwardPlan& p) {
  for (const auto& [slot, token] : std::exchange(writes_, {})) p.writes.push_back({slot, token});
}

tensor::SequenceStep Planner::sequence_step(const Request& r) const {
  const Session& s = *sessions_[r.session];
  const SessionOptions& o = s.options();
  const model::ModelConfig& c = model_.config;
  return {.seed_low = static_cast<uint32_t>(o.seed),
          .seed_high = static_cast<uint32_t>(o.seed >> 32),
          .temperature = r.temperature.value_or(o.temperature),
          .masks_left = s.masks_left(),
          .candidate_begin = 0,
          .candidate_count = 0,
          .commit_count = r.commitment.at_least,
          .confidence = static_cast<uint32_t>(r.commitment.ranked_by),
          .suppressed0 = static_cast<uint32_t>(c.mask_token),
          .suppressed1 = o.suppress_end ? static_cast<uint32_t>(c.end_token) : none,
          .postponed0 = o.postpone_end ? static_cast<uint32_t>(c.end_token) : none,
          .postponed1 = o.postpone_end ? static_cast<uint32_t>(model_.end_of_turn_token.value_or(-1)) : none,
          .top_k = o.top_k,
          .top_p = o.top_p,
          .guidance = o.guidance,
          .commit_rule = static_cast<uint32_t>(r.commitment.rule),
          .commit_parameter = r.commitment.parameter,
          .rank_temperature = r.commitment.rank_temperature,
          .ranked_as_sampled = r.commitment.ranked_as_sampled && !samples_from_softmax(o) ? 1u : 0u,
          .coarse_noise = o.compat_fp32_gumbel ? fp32_noise : 0,
          .edit_count = 0,
          .edit_threshold = o.edit_threshold,
          .reported = r.reported,
          .reserved = 0};
}

}  // namespace unmask::decode
