// Two models that take turns on the same texts, as a schedule says.
#pragma once

#include <span>
#include <vector>

#include "decode/strategy.h"

namespace unmask::decode {

// Each text has a session of the heavy model, which is the caller's, and one of the light model, whose canvas
// follows when it takes over. Noise is a function of seed, masks left, position and token, so both models
// draw with the same. What a cache policy has kept does not outlive a switch: the model that takes over
// computes everything anew, except finished blocks of a block-causal model, which do not change.
class ModelTurns {
 public:
  // lights[i] belongs to heavies[i]; all must outlive it. Throws invalid_argument where two of them do not go
  // together.
  ModelTurns(std::span<Session* const> heavies, std::span<Session* const> lights);

  // One pass of each model that has a turn.
  void step(Run& run, std::vector<Request> requests);

 private:
  enum class Turn : uint8_t { none, heavy, light };

  bool take_turn(Run& run, Request& request);

  std::vector<Turn> turns_;  // that each text's last step was
};

// Throws invalid_argument where a schedule is given that `strategy` cannot follow, or there is no light model
// for it, or a light model and no schedule.
void require_schedules(std::span<Session* const> sessions, const StrategyInfo& strategy, bool has_drafters);

}  // namespace unmask::decode
