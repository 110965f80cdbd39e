// A decode strategy: what a round does. One denoise step for some, one draft and its verification for others.
#pragma once

#include <memory>
#include <span>
#include <string_view>

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

  // Called once, with every prompt set, before any device memory is taken. Throws invalid_argument for
  // options it cannot serve.
  virtual void begin(std::span<Session* const> sessions) = 0;

  // Advances every session that has masks left. Terminates: each round fills at least one mask of each.
  virtual void round(Run& run) = 0;
};

struct StrategyInfo {
  std::string_view name;
  std::unique_ptr<Strategy> (*make)();
};

// One entry per line of strategies.inc.
std::span<const StrategyInfo> strategies();

// Throws not_found with the names there are.
std::unique_ptr<Strategy> make_strategy(std::string_view name);

}  // namespace unmask::decode
