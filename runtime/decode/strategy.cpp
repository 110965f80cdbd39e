#include "decode/strategy.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/error.h"
#include "decode/model_turns.h"

namespace unmask::decode {

Capacity Strategy::begin_drafters(std::span<Session* const>) { return {}; }

bool denoise(Run& run, const std::function<Request(uint32_t)>& next,
             const std::function<bool(uint32_t)>& may_end) {
  const auto ends = [&](uint32_t i) { return !may_end || may_end(i); };
  std::vector<uint32_t> going;
  for (uint32_t i = 0; i < run.sessions.size(); ++i) {
    if (run.sessions[i]->masks_left() > 0 || !ends(i)) going.push_back(i);
  }
  std::vector<Request> requests;
  std::ranges::transform(going, std::back_inserter(requests), next);
  if (run.turns != nullptr) {
    run.turns->step(run, std::move(requests));
  } else {
    run.denoiser.step(requests);
  }
  for (const uint32_t i : going) {
    Session& s = *run.sessions[i];
    if (s.options().stop_at_end && ends(i) && s.ended()) s.finish_with_end_tokens();
  }
  return std::ranges::any_of(going,
                             [&](uint32_t i) { return run.sessions[i]->masks_left() > 0 || !ends(i); });
}

Capacity capacity_of_blocks(std::span<Session* const> sessions) {
  Capacity capacity;
  for (const Session* s : sessions) capacity.candidates += s->options().block;
  return capacity;
}

#define X(name, ...) std::unique_ptr<Strategy> make_##name();
#include "decode/strategy/strategies.inc"
#undef X

std::span<const StrategyInfo> strategies() {
  static constexpr StrategyInfo table[] = {
#define X(name, public_name, drafters, verifies) {public_name, make_##name, drafters, verifies},
#include "decode/strategy/strategies.inc"
#undef X
  };
  return table;
}

void require_plain(const Session& s, std::string_view strategy) {
  require(s.options().guidance == 0 && s.options().edit_threshold >= 1, Status::invalid_argument,
          "Strategy '{}' knows neither guidance nor token editing; leave options 'guidance' and "
          "'edit_threshold' at their defaults.",
          strategy);
}

const StrategyInfo& find_strategy(std::string_view name) {
  std::string known;
  for (const StrategyInfo& s : strategies()) {
    if (s.name == name) return s;
    known += (known.empty() ? "" : ", ") + std::string(s.name);
  }
  fail(Status::not_found, "There is no decode strategy '{}'. Known: {}.", name, known);
}

}  // namespace unmask::decode
