#include "decode/decoder.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "graph/sizing_backend.h"

namespace unmask::decode {

namespace {

void require_one_model(std::span<const std::shared_ptr<Session>> sessions) {
  for (const auto& s : sessions) {
    require(&s->model() == &sessions[0]->model(), Status::invalid_argument,
            "Sessions stepped together must be of the same model.");
  }
}

void require_possible_cache(const Session& s) {
  const SessionOptions& o = s.options();
  const auto policy = cache::make_policy(o.cache, o.cache_options);
  policy->require_suits(s.model().config);
  require(
      !o.reuses_guidance() || policy->computes_answer(), Status::invalid_argument,
      "Option cfg_interval_steps above 1 needs the predictions of the whole answer from one pass, which the "
      "cache policy '{}' does not compute. Use 'none' or 'dllm', or 1.",
      o.cache);
}

// Their sessions as a strategy sees them. Throws unsupported where a cache policy does not suit the model.
std::vector<Session*> suited(std::span<const std::shared_ptr<Session>> sessions) {
  std::vector<Session*> all;
  for (const auto& s : sessions) {
    require_possible_cache(*s);
    all.push_back(s.get());
  }
  return all;
}

void require_wanted(const StrategyInfo& strategy, bool has_drafters) {
  require(
      has_drafters || strategy.drafters != Drafters::required, Status::invalid_argument,
      "Strategy '{}' needs a drafter, a cheaper model with the same tokenizer. Without one, use 'self-draft', or "
      "a strategy that does not verify, such as 'vanilla'.",
      strategy.name);
  require(!has_drafters || strategy.drafters != Drafters::none, Status::invalid_argument,
          "Strategy '{}' has no use for a drafter; leave it out, or use strategy 'exact'.", strategy.name);
}

void require_room(std::span<Session* const> sessions, const Capacity& capacity, std::string_view strategy) {
  for (const Session* s : sessions) {
    require(
        capacity.windows || s->length() <= s->model().config.positions, Status::invalid_argument,
        "A text of {} tokens is longer than the model's {} positions. Strategy {} cannot write it stride by "
        "stride; ancestral and first_hitting can.",
        s->length(), s->model().config.positions, strategy);
    require(!s->model().config.shifted_logits || s->length() == 0 || !s->masked(0), Status::invalid_argument,
            "This model predicts each token from the position before it, and the first one has none. Give a "
            "prompt of at least one token.");
  }
}

}  // namespace

Decoder::Decoder(std::unique_ptr<graph::Backend> backend, std::vector<std::shared_ptr<Session>> sessions,
                 std::string_view strategy, std::vector<std::shared_ptr<Session>> drafters)
    : backend_(std::move(backend)), strategy_(find_strategy(strategy).make()) {
  const StrategyInfo& info = find_strategy(strategy);
  require(!sessions.empty(), Status::invalid_argument, "A decoder needs at least one session.");
  require(drafters.empty() || drafters.size() == sessions.size(), Status::invalid_argument,
          "There are {} drafters for {} sessions; each session needs one of its own.", drafters.size(),
          sessions.size());
  require_wanted(info, !drafters.empty());
  require_one_model(sessions);
  require_one_model(drafters);
  writers_.sessions = suited(sessions);
  drafters_.sessions = suited(drafters);
  for (const Session* s : writers_.sessions)
    if (info.verifies) require_plain(*s, info.name);
  writers_.capacity = strategy_->begin(writers_.sessions);
  require_schedules(writers_.sessions, info, !drafters.empty());
  if (info.drafters != Drafters::scheduled) {
    drafters_.capacity = strategy_->begin_drafters(drafters_.sessions);
  } else if (!drafters.empty()) {
    drafters_.capacity = writers_.capacity;
    turns_.emplace(writers_.sessions, drafters_.sessions);
  }
  require_room(writers_.sessions, writers_.capacity, strategy);
  attach(std::move(sessions));
  attach(std::move(drafters));
  progress_.masks_total = progress_.masks_left = masks_left();
}

void Decoder::attach(std::vector<std::shared_ptr<Session>> sessions) {
  for (auto& s : sessions) {
    // Given back by the deleter, also when a later session cannot be had.
    s->attach();
    Session* const session = s.get();
    attached_.emplace_back(session, [keep = std::move(s)](Session* held) { held->detach(); });
  }
}

DecoderProgress Decoder::step() {
  require(!cancelled_, Status::cancelled, "The decoder was cancelled.");
  const auto start = std::chrono::steady_clock::now();
  const DecoderProgress before = work();
  if (!progress_.finished) {
    Run run{writers_.sessions, denoiser(), drafters_.sessions,
            drafters_.denoiser ? &*drafters_.denoiser : nullptr, turns_ ? &*turns_ : nullptr};
    progress_.finished = !strategy_->round(run);
    ++progress_.rounds;
  }
  const DecoderProgress after = work();
  progress_.rows = after.rows - before.rows;
  progress_.head_rows = after.head_rows - before.head_rows;
  progress_.flops = after.flops - before.flops;
  progress_.bytes_read_back = after.bytes_read_back - before.bytes_read_back;
  progress_.bytes_moved = after.bytes_moved - before.bytes_moved;
  progress_.masks_left = masks_left();
  progress_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return progress_;
}

// Of all rounds so far, drafters included.
DecoderProgress Decoder::work() const {
  DecoderProgress sum;
  for (const Team* team : {&writers_, &drafters_}) {
    for (const Session* session : team->sessions) {
      const Statistics& s = session->statistics();
      sum.rows += s.rows, sum.head_rows += s.head_rows, sum.flops += s.flops;
      sum.bytes_read_back += s.bytes_read_back;
    }
    sum.bytes_moved += team->denoiser ? team->denoiser->bytes_moved() : 0;
  }
  return sum;
}

Denoiser& Decoder::denoiser() {
  if (writers_.denoiser) return *writers_.denoiser;
  if (!drafters_.sessions.empty())
    drafters_.denoiser.emplace(*backend_, drafters_.sessions, drafters_.capacity);
  writers_.denoiser.emplace(*backend_, writers_.sessions, writers_.capacity);
  if (drafters_.denoiser) writers_.denoiser->compare_with(drafters_.denoiser->kept_logits());
  return *writers_.denoiser;
}

uint64_t Decoder::memory_bytes() const {
  graph::SizingBackend sizing(backend_->traits());
  const Denoiser measured(sizing, writers_.sessions, writers_.capacity);
  std::optional<Denoiser> drafting;
  if (!drafters_.sessions.empty()) drafting.emplace(sizing, drafters_.sessions, drafters_.capacity);
  return sizing.bytes();
}

void Decoder::set_profiling(bool on) {
  denoiser().set_profiling(on);
  if (drafters_.denoiser) drafters_.denoiser->set_profiling(on);
}

std::vector<LabelProfile> Decoder::profile() const {
  std::vector<LabelProfile> result;
  if (!writers_.denoiser) return result;
  std::map<std::string, LabelWork> work = writers_.denoiser->work();
  if (drafters_.denoiser) {
    for (const auto& [label, sum] : drafters_.denoiser->work()) {
      work[label].dispatches += sum.dispatches;
      work[label].work += sum.work;
    }
  }
  const graph::Profile seconds = backend_->profile();
  for (const auto& [label, sum] : work) {
    const auto found = seconds.find(label);
    result.push_back({label, sum.dispatches, found != seconds.end() ? found->second : 0.0, sum.work});
  }
  std::ranges::sort(result, std::greater{}, &LabelProfile::seconds);
  return result;
}

uint32_t Decoder::masks_left() const {
  uint32_t sum = 0;
  for (const Session* s : writers_.sessions) sum += s->masks_left();
  return sum;
}

}  // namespace unmask::decode
