#include "decode/strategy.h"

#include <string>

#include "base/error.h"

namespace unmask::decode {

void denoise(Run& run, const std::function<Request(uint32_t)>& next,
             const std::function<bool(uint32_t)>& may_end) {
  std::vector<Request> requests;
  for (uint32_t i = 0; i < run.sessions.size(); ++i) {
    if (run.sessions[i]->masks_left() > 0) requests.push_back(next(i));
  }
  run.denoiser.step(requests);
  for (const Request& r : requests) {
    Session& s = *run.sessions[r.session];
    if (s.options().stop_at_end && (!may_end || may_end(r.session)) && s.ended()) s.finish_with_end_tokens();
  }
}

std::vector<uint32_t> steps_of_blocks(const Session& s) {
  const auto count = static_cast<uint32_t>(s.blocks().size());
  require(s.options().steps >= count, Status::invalid_argument,
          "{} steps are too few for {} blocks of {} tokens: each block needs at least one.",
          s.options().steps, count, s.options().block);
  return spread(s.options().steps, count);
}

Capacity capacity_of_blocks(std::span<Session* const> sessions) {
  Capacity capacity;
  for (const Session* s : sessions) capacity.candidates += s->options().block;
  return capacity;
}

#define X(name) std::unique_ptr<Strategy> make_##name();
#include "decode/strategy/strategies.inc"
#undef X

std::span<const StrategyInfo> strategies() {
  static constexpr StrategyInfo table[] = {
#define X(name) {#name, make_##name},
#include "decode/strategy/strategies.inc"
#undef X
  };
  return table;
}

std::unique_ptr<Strategy> make_strategy(std::string_view name) {
  std::string known;
  for (const StrategyInfo& s : strategies()) {
    if (s.name == name) return s.make();
    known += (known.empty() ? "" : ", ") + std::string(s.name);
  }
  fail(Status::not_found, "There is no decode strategy '{}'. Known: {}.", name, known);
}

}  // namespace unmask::decode
