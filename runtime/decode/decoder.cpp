#include "decode/decoder.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "graph/sizing_backend.h"

namespace unmask::decode {

namespace {
void require_one_model(std::span<const std::shared_ptr<Session>> sessions) {
  require(!sessions.empty(), Status::invalid_argument, "A decoder needs at least one session.");
  for (const auto& s : sessions) {
    require(&s->model() == &sessions[0]->model(), Status::invalid_argument,
            "Sessions stepped together must be of the same model.");
  }
}
}  // namespace

Decoder::Decoder(std::unique_ptr<graph::Backend> backend, std::vector<std::shared_ptr<Session>> sessions,
                 std::string_view strategy)
    : backend_(std::move(backend)), strategy_(make_strategy(strategy)) {
  require_one_model(sessions);
  for (const auto& s : sessions) {
    cache::make_policy(s->options().cache, s->options().cache_options)->require_suits(s->model().config);
    sessions_.push_back(s.get());
  }
  capacity_ = strategy_->begin(sessions_);
  for (const Session* s : sessions_) {
    require(
        capacity_.windows || s->length() <= s->model().config.positions, Status::invalid_argument,
        "A text of {} tokens is longer than the model's {} positions. Strategy {} cannot write it stride by "
        "stride; ancestral and first_hitting can.",
        s->length(), s->model().config.positions, strategy);
  }
  attach(std::move(sessions));
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
  if (!progress_.finished) {
    Run run{sessions_, denoiser()};
    progress_.finished = !strategy_->round(run);
    ++progress_.rounds;
  }
  progress_.masks_left = masks_left();
  progress_.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return progress_;
}

Denoiser& Decoder::denoiser() {
  if (!denoiser_) denoiser_.emplace(*backend_, sessions_, capacity_);
  return *denoiser_;
}

uint64_t Decoder::memory_bytes() const {
  graph::SizingBackend sizing(backend_->traits());
  const Denoiser measured(sizing, sessions_, capacity_);
  return sizing.bytes();
}

void Decoder::set_profiling(bool on) { denoiser().set_profiling(on); }

std::vector<LabelProfile> Decoder::profile() const {
  std::vector<LabelProfile> result;
  if (!denoiser_) return result;
  const graph::Profile seconds = backend_->profile();
  for (const auto& [label, sum] : denoiser_->work()) {
    const auto found = seconds.find(label);
    result.push_back({label, sum.dispatches, found != seconds.end() ? found->second : 0.0, sum.work});
  }
  std::ranges::sort(result, std::greater{}, &LabelProfile::seconds);
  return result;
}

uint32_t Decoder::masks_left() const {
  uint32_t sum = 0;
  for (const Session* s : sessions_) sum += s->masks_left();
  return sum;
}

}  // namespace unmask::decode
