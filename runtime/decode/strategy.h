// A decode strategy: what a round does. One denoise step for some, one draft and its verification for others.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "decode/denoiser.h"

namespace unmask::decode {

// What a strategy may touch: the sessions and the verbs.
struct Run {
  std::span<Session* const> sessions;
  Denoiser& denoiser;
};

// Strategies do not inherit from each other; what two share becomes a verb.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // Called once, with every prompt set, before any device memory is taken. Says what its rounds will need at
  // most. Throws invalid_argument for options it cannot serve.
  virtual Capacity begin(std::span<Session* const> sessions) = 0;

  // Advances every session that is not done, and says whether one still is not. Terminates: each round fills
  // a mask of each, or is one of so many steps that are counted.
  virtual bool round(Run& run) = 0;
};

// The round of most strategies: one forward pass for every session that is not done, each asking for what
// `next` says; then, under option stop_at_end, texts that have ended are finished. Sessions end, and are done
// when they have no masks left, where `may_end`, if there is one, agrees. Whether one is not done yet.
bool denoise(Run& run, const std::function<Request(uint32_t session)>& next,
             const std::function<bool(uint32_t session)>& may_end = {});

// The steps of each block of a session, option steps spread over them. Throws invalid_argument if some would
// get none.
std::vector<uint32_t> steps_of_blocks(const Session& session);

// What strategies need that fill one block of each session at a time.
Capacity capacity_of_blocks(std::span<Session* const> sessions);

struct StrategyInfo {
  std::string_view name;
  std::unique_ptr<Strategy> (*make)();
};

// One entry per line of strategies.inc.
std::span<const StrategyInfo> strategies();

// Throws not_found with the names there are.
std::unique_ptr<Strategy> make_strategy(std::string_view name);

}  // namespace unmask::decode
