#include "eval_summary.h"

#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace cli {

EvalSummary summary_of(std::span<const ItemResult> items) {
  EvalSummary s;
  for (const ItemResult& r : items) {
    ++s.n;
    s.right += r.right ? 1 : 0;
    s.prompt_tokens += r.prompt_tokens;
    s.tokens += r.tokens;
    s.passes += r.passes;
    s.rows += r.rows;
    s.flops += r.flops;
    s.drafter_passes += r.drafter_passes;
    s.drafted += r.drafted;
    s.accepted += r.accepted;
    s.seconds += r.seconds;
  }
  return s;
}

PairedDifference paired_difference(std::span<const ItemResult> items, std::span<const ItemResult> others) {
  std::map<std::string, bool> right_there;
  for (const ItemResult& r : others) right_there[r.id] = r.right;
  PairedDifference d;
  for (const ItemResult& r : items) {
    const auto other = right_there.find(r.id);
    if (other == right_there.end()) continue;
    ++d.n;
    d.gained += r.right && !other->second ? 1 : 0;
    d.lost += !r.right && other->second ? 1 : 0;
  }
  return d;
}

Json to_json(const EvalSummary& s) {
  const Interval i = s.interval();
  const auto flops = static_cast<double>(s.flops);
  return {{"n", s.n},
          {"right", s.right},
          {"accuracy", s.accuracy()},
          {"accuracy_low", i.low},
          {"accuracy_high", i.high},
          {"prompt_tokens", s.per_item(static_cast<double>(s.prompt_tokens))},
          {"tokens", s.per_item(static_cast<double>(s.tokens))},
          {"passes", s.per_item(static_cast<double>(s.passes))},
          {"rows", s.per_item(static_cast<double>(s.rows))},
          {"flops", s.per_item(flops)},
          {"drafter_passes", s.per_item(static_cast<double>(s.drafter_passes))},
          {"drafted", s.per_item(static_cast<double>(s.drafted))},
          {"acceptance", s.acceptance()},
          {"seconds", s.per_item(s.seconds)},
          {"flops_per_token", s.per_token(flops)},
          {"seconds_per_token", s.per_token(s.seconds)},
          {"tokens_per_second", s.seconds > 0 ? static_cast<double>(s.tokens) / s.seconds : 0.0}};
}

Json to_json(const PairedDifference& d) {
  Json result = {{"n", d.n}, {"gained", d.gained}, {"lost", d.lost}, {"difference", d.value()}};
  if (d.n == 0) return result;
  result["difference_low"] = d.interval().low;
  result["difference_high"] = d.interval().high;
  return result;
}

std::string to_text(const EvalSummary& s) {
  const Interval i = s.interval();
  const auto flops = static_cast<double>(s.flops);
  std::string text = fmt::format(
      "accuracy  {:.1f}%, {} of {}; 95% interval {:.1f}% to {:.1f}%\n"
      "passes    {:.1f} per item, of {:.1f} rows each\n",
      100 * s.accuracy(), s.right, s.n, 100 * i.low, 100 * i.high, s.per_item(static_cast<double>(s.passes)),
      static_cast<double>(s.rows) / static_cast<double>(std::max<int64_t>(s.passes, 1)));
  if (s.drafted > 0) {
    text += fmt::format("drafts    {:.1f} per item in {:.1f} passes of the drafter, {:.1f}% accepted\n",
                        s.per_item(static_cast<double>(s.drafted)),
                        s.per_item(static_cast<double>(s.drafter_passes)), 100 * s.acceptance());
  }
  if (s.flops > 0) {
    text += fmt::format("FLOPs     {} per item, {} per token\n", short_number(s.per_item(flops)),
                        short_number(s.per_token(flops)));
  }
  return text + fmt::format("time      {:.2f} s per item; {:.2f} tokens per second\n", s.per_item(s.seconds),
                            s.seconds > 0 ? static_cast<double>(s.tokens) / s.seconds : 0.0);
}

std::string to_text(const PairedDifference& d, const std::string& baseline) {
  if (d.n == 0) return fmt::format("There is no item that {} has too.\n", baseline);
  return fmt::format(
      "against   {}: {:+.1f} points, 95% interval {:+.1f} to {:+.1f}, over {} items; {} gained, {} lost\n",
      baseline, 100 * d.value(), 100 * d.interval().low, 100 * d.interval().high, d.n, d.gained, d.lost);
}

std::string short_number(double value) {
  constexpr std::array<const char*, 6> units = {"", " k", " M", " G", " T", " P"};
  size_t unit = 0;
  while (std::abs(value) >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  const int decimals = unit == 0 || std::abs(value) >= 99.95 ? 0 : std::abs(value) >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", value, decimals, units[unit]);
}

}  // namespace cli
