// A decode strategy: what a round does. One denoise step for some, one draft and its verification for others.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decode/denoiser.h"

namespace unmask::decode {

class ModelTurns;

// What a strategy may touch: the sessions and the verbs, and those of their drafters, where there are any.
struct Run {
  std::span<Session* const> sessions;
  Denoiser& denoiser;
  std::span<Session* const> drafters = {};  // one per session
  Denoiser* drafter_denoiser = nullptr;
  ModelTurns* turns = nullptr;  // where a schedule shares the steps out between the two
};

// Strategies do not inherit from each other; what two share becomes a verb.
class Strategy {
 public:
  virtual ~Strategy() = default;

  // Called once, with every prompt set, before any device memory is taken. Says what its rounds will need at
  // most. Throws invalid_argument for options it cannot serve.
  virtual Capacity begin(std::span<Session* const> sessions) = 0;

  // Called once after that, with one drafter per session, or none at all, as the table of strategies says.
  // Says what drafting will need at most. Throws invalid_argument where these drafters do not go with the
  // sessions.
  virtual Capacity begin_drafters(std::span<Session* const> drafters);

  // Advances every session that is not done, and says whether one still is not. Terminates: each round fills
  // a mask of each, or is one of so many steps that are counted.
  virtual bool round(Run& run) = 0;

  // Why the last round went as it did, in sentences with the figures it was decided by; empty: nothing to
  // say.
  virtual std::string explanation() const { return {}; }
};

// The round of most strategies: one forward pass for every session that is not done, each asking for what
// `next` says; then, under option stop_at_end, texts that have ended are finished. Sessions end, and are done
// when they have no masks left, where `may_end`, if there is one, agrees. Whether one is not done yet.
bool denoise(Run& run, const std::function<Request(uint32_t session)>& next,
             const std::function<bool(uint32_t session)>& may_end = {});

// What strategies need that fill one block of each session at a time.
Capacity capacity_of_blocks(std::span<Session* const> sessions);

// Whether a strategy has a use for drafters. `scheduled`: they may take some of its steps (model_turns.h),
// and the strategy itself knows nothing of them.
enum class Drafters : uint8_t { none, optional, required, scheduled };

struct StrategyInfo {
  std::string_view name;
  std::unique_ptr<Strategy> (*make)();
  Drafters drafters;
  bool verifies;  // it judges drafts, and knows neither guidance nor token editing
};

// One entry per line of strategies.inc.
std::span<const StrategyInfo> strategies();

// Throws invalid_argument where a session asks for guidance or token editing, which `strategy` does not know.
void require_plain(const Session& session, std::string_view strategy);

// Throws not_found with the names there are.
const StrategyInfo& find_strategy(std::string_view name);

}  // namespace unmask::decode
