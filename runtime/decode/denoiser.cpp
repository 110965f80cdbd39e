#include "decode/denoiser.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <iterator>

#include "base/error.h"
#include "cache/store.h"

namespace unmask::decode {

using graph::Memory;
using graph::Slice;
using model::ForwardPlan;
using model::PlanShape;
using tensor::Matrix;
using tensor::none;
using tensor::Ops;

namespace {

constexpr size_t most_programs = 32;

// Rows whose logits are written out at once for top-k and top-p.
constexpr uint32_t filtered_rows = model::row_padding;

// The random bits beyond the 24 that a uniform number of published fp32 samplers has.
constexpr uint32_t fp32_noise = 0xFF;

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

Denoiser::Denoiser(graph::Backend& backend, std::span<Session* const> sessions, const Capacity& capacity)
    : backend_(backend), sessions_(sessions.begin(), sessions.end()), model_(sessions[0]->model()) {
  place_sessions();
  allocate(capacity);
  upload_canvases();
}

void Denoiser::place_sessions() {
  for (const Session* s : sessions_) {
    const bool guided = s->options().guidance > 0;
    places_.push_back({place(*s), std::nullopt});
    if (guided) places_.back().mirror = place(*s);
    const uint32_t rows = std::min(s->length(), model_.config.positions);
    most_rows_ += guided ? 2 * rows : rows;
  }
}

Denoiser::Canvas Denoiser::place(const Session& s) {
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

void Denoiser::allocate(const Capacity& capacity) {
  const model::ModelConfig& c = model_.config;
  const uint32_t candidates = std::max(model::padded(capacity.candidates), filtered_rows);
  const bool filtered = capacity.ranked_as_sampled || std::ranges::any_of(sessions_, [](const Session* s) {
                          return s->options().top_k > 0 || s->options().top_p < 1;
                        });
  const bool guided = std::ranges::any_of(places_, [](const Place& p) { return p.mirror.has_value(); });
  plan_buffers_ =
      model::PlanBuffers::allocate(backend_, most_rows_, candidates, static_cast<uint32_t>(sessions_.size()));
  const bool keeps_features = kept_ == cache::Kept::keys_and_features;
  workspace_ = model::Workspace::allocate(backend_, c, most_rows_, keeps_features);
  kv_ = cache::allocate_store(backend_, c, slots_, kept_ != cache::Kept::nothing);
  if (kept_ == cache::Kept::keys_of_choice)
    evictions_ =
        cache::EvictionStore::allocate(backend_, c, most_rows_, 2 * static_cast<uint32_t>(sessions_.size()));
  if (keeps_features) features_ = cache::FeatureStore::allocate(backend_, c, slots_, most_rows_);
  tokens_ = tensor::allocate_array<uint32_t>(backend_, slots_, Memory::device, "canvas");
  confidence_ = tensor::allocate_array<float>(backend_, slots_, Memory::device, "confidence");
  const uint64_t partials = tensor::head_scratch_bytes(backend_.traits(), candidates, c.vocabulary);
  partials_ = {backend_.allocate(partials, Memory::device, "head partials"), 0, partials};
  stats_ =
      tensor::allocate_array<tensor::TokenStats>(backend_, candidates, Memory::device, "token statistics");
  const uint64_t results = uint64_t{read_back_limit} * sessions_.size();
  results_ = {backend_.allocate(results, Memory::shared, "commits"), 0, results};
  gathered_ = Matrix::allocate(backend_, candidates, c.hidden, "asked rows");
  hidden_ = Matrix::allocate(backend_, candidates, c.hidden, "normed asked rows");
  if (guided) unconditional_ = Matrix::allocate(backend_, candidates, c.hidden, "unconditional rows");
  if (filtered) logits_ = Matrix::allocate(backend_, filtered_rows, c.vocabulary, "logits");
}

void Denoiser::upload_canvases() {
  std::vector<uint32_t> tokens(slots_, static_cast<uint32_t>(model_.config.mask_token));
  for (size_t i = 0; i < sessions_.size(); ++i) {
    const std::span<const int32_t> canvas = sessions_[i]->tokens();
    std::ranges::copy(canvas, tokens.begin() + places_[i].canvas.base_slot);
    if (!places_[i].mirror) continue;
    // Guidance's unconditional pass sees masks in place of the prompt.
    std::ranges::copy(sessions_[i]->generated(),
                      tokens.begin() + places_[i].mirror->base_slot + sessions_[i]->prompt_length());
  }
  backend_.write(tokens_, std::as_bytes(std::span(tokens)));
}

void Denoiser::step(std::span<const Request> requests) {
  const ForwardPlan p = plan(requests);
  plan_buffers_.write(backend_, p);
  graph::Program& replay = program(p.shape());
  backend_.run(replay);
  if (profiling_) count_executed(replay.recording());
  count(requests, p, replay.recording());
  apply_commits(requests);
}

ForwardPlan Denoiser::plan(std::span<const Request> requests) {
  ForwardPlan p;
  std::vector<uint32_t> row_of_slot(slots_, none);
  for (const Request& r : requests) {
    assert(r.commitment.at_least <= r.positions.size());
    Place& place = places_[r.session];
    add_rows(r, place.canvas, row_of_slot, p);
    if (place.mirror) add_rows(r, *place.mirror, row_of_slot, p);
    p.sequences.push_back(sequence_step(r));
    p.sequences.back().candidate_begin = static_cast<uint32_t>(p.candidates.size());
    p.sequences.back().candidate_count = static_cast<uint32_t>(r.positions.size());
    p.sequences.back().edit_count = static_cast<uint32_t>(r.editable.size());
    add_candidates(r, r.positions, row_of_slot, p);
    add_candidates(r, r.editable, row_of_slot, p);
  }
  return p;
}

void Denoiser::add_rows(const Request& r, Canvas& canvas, std::span<uint32_t> row_of_slot,
                        ForwardPlan& p) const {
  const Session& s = *sessions_[r.session];
  const Window seen = r.visible.end > 0 ? r.visible : Window{0, s.length()};
  assert(seen.end - seen.begin <= model_.config.positions);
  require(
      !canvas.policy->asks_only_what_is_filled() || r.commitment.at_least == r.positions.size(),
      Status::invalid_argument,
      "The cache policy '{}' must know which masks a step fills before it is computed. That goes with option "
      "remasking 'random', with alg 'origin' of strategy dream, and with strategy ancestral or first_hitting.",
      s.options().cache);
  std::vector<uint32_t> asked;
  for (const uint32_t position : in_order(r.positions, r.editable))
    asked.push_back(predicting_position(model_.config, position) - seen.begin);
  const uint32_t first_open =
      r.editable.empty() ? s.first_mask() : std::min(s.first_mask(), r.editable.front());
  assert(first_open >= seen.begin);
  const auto first_row = static_cast<uint32_t>(p.rows.size());
  canvas.policy->plan({.sequence = static_cast<uint32_t>(p.sequences.size()),
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
                       .asked = asked},
                      p);
  for (uint32_t row = first_row; row < p.rows.size(); ++row) row_of_slot[p.rows[row].slot] = row;
}

void Denoiser::add_candidates(const Request& r, std::span<const uint32_t> positions,
                              std::span<const uint32_t> row_of_slot, ForwardPlan& p) const {
  const Place& place = places_[r.session];
  for (const uint32_t position : positions) {
    assert(position >= r.window.begin && position < r.window.end);
    const uint32_t predicting = predicting_position(model_.config, position);
    const auto row = [&](const Canvas& canvas) {
      assert(row_of_slot[canvas.base_slot + predicting] != none);
      return row_of_slot[canvas.base_slot + predicting];
    };
    p.candidates.push_back({.row = row(place.canvas),
                            .unconditional_row = place.mirror ? row(*place.mirror) : none,
                            .sequence = static_cast<uint32_t>(p.sequences.size()) - 1,
                            .position = position,
                            .slot = place.canvas.base_slot + position,
                            .mirror_slot = place.mirror ? place.mirror->base_slot + position : none,
                            .times_remasked = r.draw,
                            .token = static_cast<uint32_t>(sessions_[r.session]->tokens()[position])});
  }
}

tensor::SequenceStep Denoiser::sequence_step(const Request& r) const {
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
          .reserved0 = 0,
          .reserved1 = 0};
}

graph::Program& Denoiser::program(const PlanShape& shape) {
  const auto found = std::ranges::find(programs_, shape, &CachedProgram::shape);
  if (found != programs_.end()) {
    programs_.splice(programs_.begin(), programs_, found);
  } else {
    programs_.push_front({shape, backend_.prepare(record(shape))});
    if (programs_.size() > most_programs) programs_.pop_back();
  }
  return *programs_.front().program;
}

graph::Recording Denoiser::record(const PlanShape& shape) const {
  graph::Recording recording;
  Ops ops(backend_.traits(), recording);
  const Matrix hidden = record_hidden_states(ops, shape);
  ops.head(hidden, model_.network->head(), plan_buffers_.candidates, plan_buffers_.sequences, shape.noisy,
           partials_, stats_);
  if (shape.filtered) record_filtered_sampling(ops, hidden);
  ops.select_commit(shape.sequences, read_back_limit, plan_buffers_.sequences, plan_buffers_.candidates,
                    stats_, tokens_, confidence_, results_);
  return recording;
}

Matrix Denoiser::record_hidden_states(Ops& ops, const PlanShape& shape) const {
  std::optional<cache::ChangedRows> selector;
  if (shape.keeps_features) selector.emplace(*features_, plan_buffers_, kv_, shape).begin(ops);
  std::optional<cache::KeyEviction> eviction;
  if (shape.evictions > 0) eviction.emplace(*evictions_, plan_buffers_, kv_, shape);
  const Matrix x = model_.network->record({ops, plan_buffers_, kv_, workspace_, tokens_, shape.rows,
                                           selector ? &*selector : nullptr, eviction ? &*eviction : nullptr});
  const Matrix gathered = gathered_.first(shape.logit_rows);
  Matrix hidden = hidden_.first(shape.logit_rows);
  const auto norm = [&](const Slice& rows, const Matrix& y) {
    ops.gather_rows(x, rows, gathered, graph::Extent::logit_rows);
    ops.norm(gathered, model_.network->final_norm(), model_.network->final_norm_bias(),
             static_cast<float>(model_.config.norm_eps), y, graph::Extent::logit_rows);
  };
  norm(plan_buffers_.logit_rows, hidden);
  if (shape.guided) {
    // The head is linear, so guidance combines hidden rows instead of logits.
    const Matrix unconditional = unconditional_.first(shape.logit_rows);
    norm(plan_buffers_.unconditional_rows, unconditional);
    ops.guidance(hidden, unconditional, plan_buffers_.candidates, plan_buffers_.sequences, hidden);
  }
  return hidden;
}

void Denoiser::record_filtered_sampling(Ops& ops, const Matrix& hidden) const {
  for (uint32_t first = 0; first < hidden.rows; first += filtered_rows) {
    const uint32_t count = std::min(filtered_rows, hidden.rows - first);
    ops.matmul(hidden.range(first, count), model_.network->head(), logits_.first(count), false, "logits",
               graph::Extent::logit_rows);
    ops.filtered_sample(logits_.first(count), first, plan_buffers_.candidates, plan_buffers_.sequences,
                        stats_);
  }
}

void Denoiser::count(std::span<const Request> requests, const ForwardPlan& p,
                     const graph::Recording& recording) {
  std::vector<graph::Counts> counts(p.sequences.size());
  const auto keys_of = [&](size_t row) {
    const tensor::KeyRanges& r = p.ranges[row];
    return uint64_t{r.end0 - r.begin0} + (r.end1 - r.begin1);
  };
  for (size_t i = 0; i < p.rows.size(); ++i) {
    graph::Counts& c = counts[p.rows[i].sequence];
    ++c.rows;
    c.row_keys += keys_of(i);
  }
  const auto count_selected = [&](size_t row, uint64_t rows) {
    graph::Counts& c = counts[p.rows[row].sequence];
    c.selected_rows += rows;
    c.selected_row_keys += rows * keys_of(row);
  };
  for (const uint32_t row : p.computed) count_selected(row, 1);
  for (const tensor::Selection& s : p.selections) count_selected(s.value_begin, s.kept);
  for (size_t i = 0; i < requests.size(); ++i) {
    counts[i].logit_rows = p.sequences[i].candidate_count + p.sequences[i].edit_count;
    Statistics& s = sessions_[requests[i].session]->statistics();
    ++s.forward_passes;
    s.rows += counts[i].rows;
    s.head_rows += counts[i].logit_rows;
    s.flops += recording.flops(counts[i]);
  }
}

void Denoiser::set_profiling(bool on) {
  profiling_ = on;
  work_.clear();
  backend_.reset_profile();
  backend_.set_profiling(on);
}

void Denoiser::count_executed(const graph::Recording& recording) {
  for (auto& [label, sum] : work_) sum.dispatches = 0;
  for (const graph::Dispatch& d : recording.dispatches()) {
    LabelWork& sum = work_[d.label];
    ++sum.dispatches;
    sum.work += d.work;
  }
}

namespace {

void require_possible(const tensor::CommitHeader& header, const Request& r) {
  const bool plain = r.commitment.rule == tensor::CommitRule::count;
  const uint64_t most = plain ? r.commitment.at_least : r.positions.size();
  require(header.commits >= r.commitment.at_least && header.commits <= most &&
              header.edits <= r.editable.size() &&
              uint64_t{header.commits} + header.edits <= most_commits_per_step,
          Status::internal,
          "The device committed {} tokens where {} of {} were asked for, and edited {} of {}; its driver may "
          "be defective.",
          header.commits, r.commitment.at_least, r.positions.size(), header.edits, r.editable.size());
}

}  // namespace

void Denoiser::apply_commits(std::span<const Request> requests) {
  std::array<std::byte, read_back_limit> bytes;
  for (size_t i = 0; i < requests.size(); ++i) {
    const Request& r = requests[i];
    // With the plain rule the count is known, and one read is enough.
    const auto read = [&](size_t first, size_t size) {
      backend_.read(results_.sub(i * read_back_limit + first, size), std::span(bytes).subspan(first, size));
    };
    const bool counted = r.commitment.rule == tensor::CommitRule::count && r.editable.empty();
    size_t size = sizeof(tensor::CommitHeader);
    if (counted) size += r.commitment.at_least * sizeof(tensor::Commit);
    read(0, size);
    tensor::CommitHeader header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    require_possible(header, r);
    const size_t all = sizeof(header) + (header.commits + header.edits) * sizeof(tensor::Commit);
    if (all > size) read(size, all - size);
    apply_commits(r, header.commits, std::span(bytes).first(all).subspan(sizeof(header)));
    Statistics& s = sessions_[r.session]->statistics();
    s.bytes_read_back += all;
    s.largest_read_back = std::max<uint64_t>(s.largest_read_back, all);
  }
}

void Denoiser::apply_commits(const Request& r, uint32_t commits, std::span<const std::byte> result) {
  Session& s = *sessions_[r.session];
  for (uint32_t i = 0; i * sizeof(tensor::Commit) < result.size(); ++i) {
    tensor::Commit commit;
    std::memcpy(&commit, &result[i * sizeof(commit)], sizeof(commit));
    const uint32_t position = commit.slot - places_[r.session].canvas.base_slot;
    require(position >= std::max(r.window.begin, s.prompt_length()) && position < r.window.end &&
                s.masked(position) == (i < commits) && commit.token < model_.config.vocabulary &&
                static_cast<int32_t>(commit.token) != s.mask_token(),
            Status::internal, "The device committed token {} at position {}; its driver may be defective.",
            commit.token, position);
    s.commit(position, static_cast<int32_t>(commit.token));
  }
}

}  // namespace unmask::decode
