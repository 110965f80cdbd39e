#include "decode/strategy.h"

#include <string>

#include "base/error.h"

namespace unmask::decode {

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
