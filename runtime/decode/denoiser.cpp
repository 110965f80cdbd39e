#include "decode/denoiser.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstring>
#include <utility>

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

// Rows whose logits are written out at once: for top-k and top-p, and to be kept or judged.
constexpr uint32_t written_rows = model::row_padding;

double seconds_of(const std::function<void()>& action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool samples_filtered(const Session* s) { return s->options().top_k > 0 || s->options().top_p < 1; }

}  // namespace

Denoiser::Denoiser(graph::Backend& backend, std::span<Session* const> sessions, const Capacity& capacity)
    : backend_(backend),
      sessions_(sessions.begin(), sessions.end()),
      model_(sessions[0]->model()),
      planner_(sessions, capacity),
      read_back_(sessions.size()) {
  allocate(capacity);
  backend_.write(tokens_, std::as_bytes(std::span<const uint32_t>(planner_.canvases())));
}

void Denoiser::allocate(const Capacity& capacity) {
  const model::ModelConfig& c = model_.config;
  const auto sessions = static_cast<uint32_t>(sessions_.size());
  const uint32_t sequences = sessions * (1 + capacity.trials);
  const uint32_t judged = sessions * capacity.judged;
  const uint32_t candidates = std::max(model::padded(std::max(capacity.candidates, judged)), written_rows);
  const uint32_t rows = planner_.most_rows(), slots = planner_.slots();
  plan_buffers_ = model::PlanBuffers::allocate(
      backend_,
      {.rows = rows, .candidates = candidates, .sequences = sequences, .writes = slots, .judged = judged});
  const bool keeps_features = planner_.kept() == cache::Kept::keys_and_features;
  workspace_ = model::Workspace::allocate(backend_, c, rows, keeps_features);
  kv_ = cache::allocate_store(backend_, c, slots, planner_.kept() != cache::Kept::nothing);
  if (planner_.kept() == cache::Kept::keys_of_choice)
    evictions_ = cache::EvictionStore::allocate(backend_, c, rows, 2 * sessions);
  if (keeps_features) features_ = cache::FeatureStore::allocate(backend_, c, slots, rows);
  tokens_ = tensor::allocate_array<uint32_t>(backend_, slots, Memory::device, "canvas");
  confidence_ = tensor::allocate_array<float>(backend_, slots, Memory::device, "confidence");
  const uint64_t partials = tensor::head_scratch_bytes(backend_.traits(), candidates, c.vocabulary);
  partials_ = {backend_.allocate(partials, Memory::device, "head partials"), 0, partials};
  stats_ = tensor::allocate_array<tensor::TokenStats>(
      backend_, candidates, capacity.statistics ? Memory::shared : Memory::device, "token statistics");
  const uint64_t results = uint64_t{read_back_limit} * sequences;
  results_ = {backend_.allocate(results, Memory::shared, "commits"), 0, results};
  // Differences of guidance are kept for all masks, candidates or not.
  const bool reuses = planner_.reuses_guidance();
  const uint32_t asked =
      reuses ? std::max(candidates, model::padded(planner_.most_guided_rows())) : candidates;
  gathered_ = Matrix::allocate(backend_, asked, c.hidden, "asked rows");
  hidden_ = Matrix::allocate(backend_, asked, c.hidden, "normed asked rows");
  if (planner_.guided()) unconditional_ = Matrix::allocate(backend_, asked, c.hidden, "unconditional rows");
  if (reuses) allocate_differences();
  const bool writes_logits = capacity.ranked_as_sampled || judged > 0 || capacity.kept_logits > 0 ||
                             std::ranges::any_of(sessions_, samples_filtered);
  if (writes_logits) logits_ = Matrix::allocate(backend_, written_rows, c.vocabulary, "logits");
  if (judged > 0)
    verdicts_ =
        tensor::allocate_array<tensor::Verdict>(backend_, model::padded(judged), Memory::shared, "verdicts");
  if (capacity.kept_logits > 0)
    kept_logits_ = Matrix::allocate(backend_, sessions * capacity.kept_logits, c.vocabulary, "kept logits");
}

void Denoiser::allocate_differences() {
  const uint64_t bytes = uint64_t{planner_.slots()} * model_.config.hidden * sizeof(float);
  require(bytes <= backend_.traits().max_storage_range, Status::unsupported,
          "What guidance adds at {} positions takes {} bytes, more than this device binds at once ({}). Use "
          "shorter sequences, a smaller batch, or cfg_interval_steps 1.",
          planner_.slots(), bytes, backend_.traits().max_storage_range);
  differences_ = Matrix::allocate(backend_, planner_.slots(), model_.config.hidden, "guidance differences");
}

Answers Denoiser::step(std::span<const Request> requests, std::span<const Trial> trials) {
  const ForwardPlan p = planner_.plan(requests, trials);
  plan_buffers_.write(backend_, p);
  CachedProgram& cached = program(p.shape());
  graph::Program& replay = *cached.program;
  const bool typical = replay.warmed_up();
  const double seconds = seconds_of([&] { backend_.run(replay); });
  if (profiling_) count_executed(replay.recording());
  count(requests, trials, p, replay.recording());
  bytes_moved_ += cached.bytes;
  Answers answers;
  answers.rows = static_cast<uint32_t>(p.rows.size());
  if (typical) answers.seconds = seconds;
  for (size_t i = 0; i < requests.size(); ++i) answers.reports.push_back(apply_commits(requests[i], i));
  for (size_t i = 0; i < trials.size(); ++i)
    answers.outcomes.push_back(outcome(trials[i], i, requests.size() + i));
  answers.verdicts = verdicts(requests);
  for (size_t i = 0; i < requests.size(); ++i)
    answers.statistics.push_back(statistics(requests[i], p.sequences[i].candidate_begin));
  count_read_back();
  return answers;
}

Denoiser::CachedProgram& Denoiser::program(const PlanShape& shape) {
  const auto found = std::ranges::find(programs_, shape, &CachedProgram::shape);
  if (found != programs_.end()) {
    programs_.splice(programs_.begin(), programs_, found);
  } else {
    graph::Recording recording = record(shape);
    const uint64_t bytes = recording.total().bytes;
    programs_.push_front({shape, backend_.prepare(std::move(recording)), bytes});
    if (programs_.size() > most_programs) programs_.pop_back();
  }
  return programs_.front();
}

graph::Recording Denoiser::record(const PlanShape& shape) const {
  graph::Recording recording;
  Ops ops(backend_.traits(), recording);
  if (shape.writes > 0) ops.write_tokens(plan_buffers_.writes, shape.writes, tokens_);
  const Matrix x = record_residuals(ops, shape);
  if (shape.logit_rows > 0) record_candidates(ops, shape, x);
  ops.select_commit(shape.sequences, read_back_limit, plan_buffers_.sequences, plan_buffers_.candidates,
                    stats_, tokens_, confidence_, results_);
  if (shape.judged_rows > 0) record_judgements(ops, x, shape.judged_rows);
  return recording;
}

// The distributions of the candidates, reduced.
void Denoiser::record_candidates(Ops& ops, const PlanShape& shape, const Matrix& x) const {
  const Matrix hidden = record_hidden_states(ops, shape, x);
  ops.head(hidden, model_.network->head(), plan_buffers_.candidates, plan_buffers_.sequences, shape.noisy,
           partials_, stats_);
  if (!shape.filtered && !shape.keeps_logits) return;
  write_logits(ops, hidden, graph::Extent::logit_rows, [&](const Matrix& logits, uint32_t first) {
    if (shape.filtered)
      ops.filtered_sample(logits, first, plan_buffers_.candidates, plan_buffers_.sequences, stats_);
    const uint64_t word = sizeof(uint32_t);
    if (shape.keeps_logits)
      ops.scatter_rows(logits, plan_buffers_.kept_logits.sub(first * word, logits.rows * word),
                       kept_logits_.slice, "keep logits", graph::Extent::logit_rows);
  });
}

Matrix Denoiser::record_residuals(Ops& ops, const PlanShape& shape) const {
  std::optional<cache::ChangedRows> selector;
  if (shape.keeps_features) selector.emplace(*features_, plan_buffers_, kv_, shape).begin(ops);
  std::optional<cache::KeyEviction> eviction;
  if (shape.evictions > 0) eviction.emplace(*evictions_, plan_buffers_, kv_, shape);
  return model_.network->record({ops, plan_buffers_, kv_, workspace_, tokens_, shape.rows,
                                 selector ? &*selector : nullptr, eviction ? &*eviction : nullptr});
}

// The rows x [R, hidden] whose logits are asked for, gathered and normed: [candidates, hidden].
Matrix Denoiser::record_hidden_states(Ops& ops, const PlanShape& shape, const Matrix& x) const {
  const Matrix hidden = hidden_.first(shape.logit_rows);
  if (shape.guided_rows > 0) record_differences(ops, x, shape.guided_rows);
  record_norm(ops, x, plan_buffers_.logit_rows, hidden, graph::Extent::logit_rows);
  if (!shape.guided) return hidden;
  // The head is linear, so guidance combines hidden rows instead of logits.
  const Matrix other = unconditional_.first(shape.logit_rows);
  if (differences_) {
    ops.gather_rows(*differences_, plan_buffers_.unconditional_rows, other, graph::Extent::logit_rows);
  } else {
    record_norm(ops, x, plan_buffers_.unconditional_rows, other, graph::Extent::logit_rows);
  }
  ops.guidance(hidden, other, differences_.has_value(), plan_buffers_.candidates, plan_buffers_.sequences,
               hidden);
  return hidden;
}

void Denoiser::record_norm(Ops& ops, const Matrix& x, const Slice& rows, const Matrix& y,
                           graph::Extent extent) const {
  const Matrix gathered = gathered_.first(y.rows);
  ops.gather_rows(x, rows, gathered, extent);
  ops.norm(gathered, model_.network->final_norm(), model_.network->final_norm_bias(),
           static_cast<float>(model_.config.norm_eps), y, extent);
}

void Denoiser::record_differences(Ops& ops, const Matrix& x, uint32_t rows) const {
  const Matrix conditional = hidden_.first(rows), unconditional = unconditional_.first(rows);
  record_norm(ops, x, plan_buffers_.guided_rows, conditional, graph::Extent::guided_rows);
  record_norm(ops, x, plan_buffers_.guided_twins, unconditional, graph::Extent::guided_rows);
  ops.store_differences(conditional, unconditional, plan_buffers_.guided_slots, *differences_);
}

void Denoiser::record_judgements(Ops& ops, const Matrix& x, uint32_t judged_rows) const {
  const Matrix hidden = hidden_.first(judged_rows);
  record_norm(ops, x, plan_buffers_.judged_rows, hidden, graph::Extent::judged_rows);
  const Matrix& kept = draft_logits_.rows > 0 ? draft_logits_ : kept_logits_;
  write_logits(ops, hidden, graph::Extent::judged_rows, [&](const Matrix& logits, uint32_t first) {
    ops.compare_distributions(logits, first, kept.slice, plan_buffers_.judged, plan_buffers_.sequences,
                              verdicts_);
  });
}

// Writes the logits of normed rows, some at a time, for `use` to record what becomes of those from `first`
// on.
void Denoiser::write_logits(Ops& ops, const Matrix& hidden, graph::Extent extent,
                            const std::function<void(const Matrix& logits, uint32_t first)>& use) const {
  for (uint32_t first = 0; first < hidden.rows; first += written_rows) {
    const Matrix logits = logits_.first(std::min(written_rows, hidden.rows - first));
    ops.matmul(hidden.range(first, logits.rows), model_.network->head(), logits, false, "logits", extent);
    use(logits, first);
  }
}

namespace {

// What the rows of a plan cost, by sequence.
std::vector<graph::Counts> counts_of(const ForwardPlan& p) {
  std::vector<graph::Counts> counts(p.sequences.size());
  for (size_t i = 0; i < p.rows.size(); ++i) {
    graph::Counts& c = counts[p.rows[i].sequence];
    ++c.rows;
    c.row_keys += tensor::key_count(p.ranges[i]);
  }
  const auto count_selected = [&](size_t row, uint64_t rows) {
    graph::Counts& c = counts[p.rows[row].sequence];
    c.selected_rows += rows;
    c.selected_row_keys += rows * tensor::key_count(p.ranges[row]);
  };
  for (const uint32_t row : p.computed) count_selected(row, 1);
  for (const tensor::Selection& s : p.selections) count_selected(s.value_begin, s.kept);
  for (size_t i = 0; i < p.sequences.size(); ++i)
    counts[i].logit_rows = p.sequences[i].candidate_count + p.sequences[i].edit_count;
  for (const tensor::Judged& j : p.judged) ++counts[j.sequence].judged_rows;
  for (const model::GuidedRow& g : p.guided) ++counts[p.rows[g.row].sequence].guided_rows;
  return counts;
}

}  // namespace

void Denoiser::count(std::span<const Request> requests, std::span<const Trial> trials, const ForwardPlan& p,
                     const graph::Recording& recording) {
  const std::vector<graph::Counts> counts = counts_of(p);
  std::map<uint32_t, graph::Counts> of_session;
  const auto session = [&](size_t sequence) {
    return sequence < requests.size() ? requests[sequence].session
                                      : trials[sequence - requests.size()].session;
  };
  for (size_t i = 0; i < counts.size(); ++i) of_session[session(i)] += counts[i];
  for (const auto& [index, c] : of_session) {
    Statistics& s = sessions_[index]->statistics();
    ++s.forward_passes;
    s.rows += c.rows;
    s.head_rows += c.logit_rows + c.judged_rows;
    s.flops += recording.flops(c);
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

void require_possible(const tensor::CommitHeader& header, const Commitment& commitment, size_t candidates,
                      size_t editable) {
  const bool plain = commitment.rule == tensor::CommitRule::count;
  const uint64_t most = plain ? commitment.at_least : candidates;
  require(header.commits >= commitment.at_least && header.commits <= most &&
              header.reported >= header.commits && header.reported <= candidates &&
              header.edits <= editable && uint64_t{header.reported} + header.edits <= most_commits_per_step,
          Status::internal,
          "The device committed {} tokens where {} of {} were asked for, and edited {} of {}; its driver may "
          "be defective.",
          header.commits, commitment.at_least, candidates, header.edits, editable);
}

// What a sequence's commits, reports and edits are on the device.
struct Results {
  tensor::CommitHeader header;
  std::vector<tensor::Commit> tokens;
  uint64_t bytes;  // read
};

// `known`: as many tokens as there are at least, so that one read is enough where it is the number.
Results read_results(graph::Backend& backend, const Slice& from, uint64_t known) {
  std::array<std::byte, read_back_limit> bytes;
  uint64_t size = sizeof(tensor::CommitHeader) + known * sizeof(tensor::Commit);
  backend.read(from.sub(0, size), std::span(bytes).first(size));
  Results r;
  std::memcpy(&r.header, bytes.data(), sizeof(r.header));
  const uint64_t count =
      std::min<uint64_t>(uint64_t{r.header.reported} + r.header.edits, most_commits_per_step);
  r.bytes = std::max(size, sizeof(r.header) + count * sizeof(tensor::Commit));
  if (r.bytes > size)
    backend.read(from.sub(size, r.bytes - size), std::span(bytes).subspan(size, r.bytes - size));
  r.tokens.resize(count);
  std::memcpy(r.tokens.data(), &bytes[sizeof(r.header)], count * sizeof(tensor::Commit));
  return r;
}

}  // namespace

std::vector<Fill> Denoiser::apply_commits(const Request& r, size_t sequence) {
  const bool counted = r.commitment.rule == tensor::CommitRule::count && r.editable.empty();
  const Results results = read_results(backend_, results_.sub(sequence * read_back_limit, read_back_limit),
                                       counted ? r.commitment.at_least : 0);
  const tensor::CommitHeader& header = results.header;
  require_possible(header, r.commitment, r.positions.size(), r.editable.size());
  Session& s = *sessions_[r.session];
  std::vector<Fill> report;
  for (uint32_t i = 0; i < results.tokens.size(); ++i) {
    const tensor::Commit& commit = results.tokens[i];
    const uint32_t position = planner_.position_of(r.session, commit.slot);
    const auto token = static_cast<int32_t>(commit.token);
    require(position >= std::max(r.window.begin, s.prompt_length()) && position < r.window.end &&
                s.masked(position) == (i < header.reported) && commit.token < model_.config.vocabulary &&
                token != s.mask_token(),
            Status::internal, "The device committed token {} at position {}; its driver may be defective.",
            commit.token, position);
    if (i >= header.commits && i < header.reported) {
      report.push_back({position, token});
    } else if (r.drafts) {
      s.change(position, token, EventKind::drafted);
    } else {
      s.commit(position, token);
    }
  }
  read_back_[r.session] += results.bytes;
  return report;
}

Outcome Denoiser::outcome(const Trial& t, size_t index, size_t sequence) {
  const uint64_t known = std::max(t.commitment.at_least,
                                  std::min<uint32_t>(t.reported, static_cast<uint32_t>(t.positions.size())));
  const Results results =
      read_results(backend_, results_.sub(sequence * read_back_limit, read_back_limit), known);
  require_possible(results.header, t.commitment, t.positions.size(), 0);
  Outcome outcome;
  outcome.commits = results.header.commits;
  for (const tensor::Commit& commit : results.tokens) {
    const uint32_t position = planner_.position_of_trial(index, commit.slot);
    require(std::ranges::binary_search(t.positions, position) && commit.token < model_.config.vocabulary,
            Status::internal, "The device ranked token {} at position {}; its driver may be defective.",
            commit.token, position);
    outcome.ranked.push_back({position, static_cast<int32_t>(commit.token)});
  }
  read_back_[t.session] += results.bytes;
  return outcome;
}

std::vector<std::vector<tensor::Verdict>> Denoiser::verdicts(std::span<const Request> requests) {
  std::vector<std::vector<tensor::Verdict>> all;
  uint64_t first = 0;
  for (const Request& r : requests) {
    std::vector<tensor::Verdict>& of_request = all.emplace_back(r.judged.size());
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(of_request));
    if (bytes.empty()) continue;
    backend_.read(verdicts_.sub(first * sizeof(tensor::Verdict), bytes.size()), bytes);
    first += of_request.size();
    read_back_[r.session] += bytes.size();
  }
  return all;
}

std::vector<tensor::TokenStats> Denoiser::statistics(const Request& r, uint32_t first) {
  std::vector<tensor::TokenStats> all(r.statistics ? r.positions.size() : 0);
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(all));
  if (!all.empty()) backend_.read(stats_.sub(first * sizeof(tensor::TokenStats), bytes.size()), bytes);
  read_back_[r.session] += bytes.size();
  return all;
}

void Denoiser::count_read_back() {
  for (size_t i = 0; i < sessions_.size(); ++i) {
    Statistics& s = sessions_[i]->statistics();
    s.bytes_read_back += read_back_[i];
    s.largest_read_back = std::max(s.largest_read_back, std::exchange(read_back_[i], 0));
  }
}

}  // namespace unmask::decode
