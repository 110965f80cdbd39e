#include "decode/options.h"

#include <array>
#include <cmath>

#include "base/error.h"

namespace unmask::decode {

namespace {

constexpr double largest_integer = 9223372036854774784.0;  // the largest double below 2^63

constexpr std::array table = {
    OptionInfo{"length", OptionKind::integer, 128, 1, 1 << 20, "", "", "Tokens to generate."},
    OptionInfo{"block", OptionKind::integer, 32, 0, 1 << 20, "", "",
               "Tokens of a block; blocks are filled from left to right. 0: one block of the whole length."},
    OptionInfo{"steps", OptionKind::integer, 0, 0, 1 << 20, "", "",
               "Denoising steps in all, spread evenly over the blocks. 0: one per token."},
    OptionInfo{
        "remasking", OptionKind::text, 0, 0, 0, "low_confidence", "low_confidence|random|margin|entropy",
        "Which masks a step fills: those whose token is most probable, random ones, those with the largest "
        "margin between the two best tokens, or those of least entropy."},
    OptionInfo{"temperature", OptionKind::number, 0, 0, 1000, "", "",
               "Scale of the Gumbel noise on the logits. 0: the most probable token."},
    OptionInfo{"top_k", OptionKind::integer, 0, 0, 1 << 20, "", "",
               "Sample among the k most probable tokens only. 0: off. Needs a temperature."},
    OptionInfo{"top_p", OptionKind::number, 1, 0, 1, "", "",
               "Sample among the fewest tokens that hold this probability. 1: off. Needs a temperature."},
    OptionInfo{"seed", OptionKind::integer, 0, -largest_integer, largest_integer, "", "",
               "Seed of all noise: same seed, same tokens."},
    OptionInfo{
        "guidance", OptionKind::number, 0, 0, 1000, "", "",
        "Classifier-free guidance: scale of the difference to the prediction without the prompt. 0: off; "
        "otherwise each step computes two passes."},
    OptionInfo{"stop_at_end", OptionKind::flag, 1, 0, 1, "", "",
               "Stop after the block in which an end token stands with no mask before it."},
    OptionInfo{"suppress_end", OptionKind::flag, 0, 0, 1, "", "", "Never generate the end token."},
    OptionInfo{"postpone_end", OptionKind::flag, 0, 0, 1, "", "",
               "Fill positions whose token is an end token only when no others are left in the block."},
    OptionInfo{"cache", OptionKind::text, 0, 0, 0, "none", "none", "Cache policy."},
};

std::string known_names() {
  std::string names;
  for (const OptionInfo& o : table) names += (names.empty() ? "" : ", ") + std::string(o.name);
  return names;
}

const OptionInfo& find(std::string_view name) {
  for (const OptionInfo& o : table) {
    if (name == o.name) return o;
  }
  fail(Status::not_found, "There is no option '{}'. Known: {}.", name, known_names());
}

void check_range(const OptionInfo& o, double value) {
  require(value >= o.minimum && value <= o.maximum, Status::invalid_argument,
          "Option '{}' must be between {} and {}, but is {}.", o.name, o.minimum, o.maximum, value);
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const size_t bar = choices.find('|');
    if (choices.substr(0, bar) == value) return true;
    choices = bar == std::string_view::npos ? "" : choices.substr(bar + 1);
  }
  return false;
}

const OptionInfo& find_integer(std::string_view name) {
  const OptionInfo& o = find(name);
  require(o.kind == OptionKind::integer || o.kind == OptionKind::flag, Status::invalid_argument,
          "Option '{}' is not an integer.", name);
  return o;
}

tensor::Confidence remasking_of(std::string_view name) {
  if (name == "random") return tensor::Confidence::random;
  if (name == "margin") return tensor::Confidence::margin;
  if (name == "entropy") return tensor::Confidence::negative_entropy;
  return tensor::Confidence::probability;
}

}  // namespace

std::span<const OptionInfo> option_table() { return table; }

void Options::set_number(std::string_view name, double value) {
  const OptionInfo& o = find(name);
  if (o.kind != OptionKind::number) {
    require(value == std::floor(value) && std::abs(value) < 9e15, Status::invalid_argument,
            "Option '{}' must be a whole number, but is {}.", name, value);
    return set_integer(name, static_cast<int64_t>(value));
  }
  check_range(o, value);
  numbers_[o.name] = value;
}

void Options::set_integer(std::string_view name, int64_t value) {
  if (find(name).kind == OptionKind::number) return set_number(name, static_cast<double>(value));
  const OptionInfo& o = find_integer(name);
  check_range(o, static_cast<double>(value));
  integers_[o.name] = value;
}

void Options::set_text(std::string_view name, std::string_view value) {
  const OptionInfo& o = find(name);
  require(o.kind == OptionKind::text, Status::invalid_argument, "Option '{}' takes a number, not text.",
          name);
  require(is_choice(o.choices, value), Status::invalid_argument,
          "Option '{}' must be one of {}, but is '{}'.", name, o.choices, value);
  texts_[o.name] = value;
}

double Options::number(std::string_view name) const {
  const OptionInfo& o = find(name);
  require(o.kind == OptionKind::number, Status::invalid_argument, "Option '{}' is not a number.", name);
  const auto set = numbers_.find(name);
  return set != numbers_.end() ? set->second : o.default_number;
}

int64_t Options::integer(std::string_view name) const {
  const OptionInfo& o = find_integer(name);
  const auto set = integers_.find(name);
  return set != integers_.end() ? set->second : static_cast<int64_t>(o.default_number);
}

const std::string& Options::text(std::string_view name) const {
  const OptionInfo& o = find(name);
  require(o.kind == OptionKind::text, Status::invalid_argument, "Option '{}' is not text.", name);
  const auto set = texts_.find(name);
  if (set != texts_.end()) return set->second;
  static const std::map<std::string_view, std::string> defaults = [] {
    std::map<std::string_view, std::string> texts;
    for (const OptionInfo& t : table) texts[t.name] = t.default_text;
    return texts;
  }();
  return defaults.at(o.name);
}

SessionOptions::SessionOptions(const Options& o)
    : length(static_cast<uint32_t>(o.integer("length"))),
      block(static_cast<uint32_t>(o.integer("block"))),
      steps(static_cast<uint32_t>(o.integer("steps"))),
      remasking(remasking_of(o.text("remasking"))),
      temperature(static_cast<float>(o.number("temperature"))),
      top_p(static_cast<float>(o.number("top_p"))),
      guidance(static_cast<float>(o.number("guidance"))),
      top_k(static_cast<uint32_t>(o.integer("top_k"))),
      seed(static_cast<uint64_t>(o.integer("seed"))),
      stop_at_end(o.flag("stop_at_end")),
      suppress_end(o.flag("suppress_end")),
      postpone_end(o.flag("postpone_end")),
      cache(o.text("cache")) {
  if (block == 0 || block > length) block = length;
  if (steps == 0) steps = length;
}

}  // namespace unmask::decode
