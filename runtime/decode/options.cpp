#include "decode/options.h"

#include <cmath>

#include "base/error.h"

namespace unmask::decode {

namespace {

constexpr uint32_t own_block = 0xFFFFFFFFu;  // until resolve_block

std::string known_names() {
  std::string names;
  for (const OptionInfo& o : option_table()) names += (names.empty() ? "" : ", ") + std::string(o.name);
  return names;
}

const OptionInfo& find(std::string_view name) {
  for (const OptionInfo& o : option_table()) {
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

// A text without choices is a schedule.
void check_text(const OptionInfo& o, std::string_view value) {
  if (*o.choices == '\0') return static_cast<void>(ModelSchedule(value));
  require(is_choice(o.choices, value), Status::invalid_argument,
          "Option '{}' must be one of {}, but is '{}'.", o.name, o.choices, value);
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

DreamAlgorithm algorithm_of(std::string_view name) {
  if (name == "maskgit_plus") return DreamAlgorithm::maskgit_plus;
  if (name == "topk_margin") return DreamAlgorithm::topk_margin;
  return name == "origin" ? DreamAlgorithm::origin : DreamAlgorithm::entropy;
}

SdarReveal reveal_of(std::string_view name) {
  if (name == "sequential") return SdarReveal::sequential;
  if (name == "low_confidence_static") return SdarReveal::low_confidence_static;
  return name == "entropy_bounded" ? SdarReveal::entropy_bounded : SdarReveal::low_confidence_dynamic;
}

Acceptance acceptance_of(std::string_view name, float temperature) {
  if (name == "auto") return temperature > 0 ? Acceptance::rejection_sampling : Acceptance::greedy_match;
  return name == "mrs" ? Acceptance::rejection_sampling : Acceptance::greedy_match;
}

PartialFill partial_fill_of(std::string_view name) {
  if (name == "truncate_no_bonus") return PartialFill::truncate_no_bonus;
  if (name == "target_argmax") return PartialFill::target_argmax;
  if (name == "target_argmax_all") return PartialFill::target_argmax_all;
  if (name == "draft_argmax") return PartialFill::draft_argmax;
  return name == "redraft" ? PartialFill::redraft : PartialFill::truncate;
}

RoutingOptions routing_options(const Options& o) {
  const std::string& name = o.text("verify_policy");
  return {.policy = name == "score_threshold"    ? VerifyPolicy::score_threshold
                    : name == "score_hysteresis" ? VerifyPolicy::score_hysteresis
                                                 : VerifyPolicy::mask_span_length,
          .min_span_length = static_cast<uint32_t>(o.integer("min_span_length")),
          .entropy_temperature = o.number("entropy_temperature"),
          .score_penalty = o.number("score_penalty"),
          .score_threshold = o.number("score_threshold"),
          .hysteresis_on = o.number("hysteresis_on"),
          .hysteresis_off = o.number("hysteresis_off")};
}

cache::ShiftType shift_type_of(std::string_view name) {
  if (name == "un_right") return cache::ShiftType::un_right;
  return name == "right" ? cache::ShiftType::right : cache::ShiftType::un;
}

KeepRule keep_rule_of(std::string_view name) {
  if (name == "prob") return KeepRule::prob;
  if (name == "argmax") return KeepRule::argmax;
  return name == "kl" ? KeepRule::kl : KeepRule::ratio;
}

DualOptions dual_options(const Options& o) {
  return {.rule = keep_rule_of(o.text("keep_rule")),
          .ratio = static_cast<float>(o.number("alpha")),
          .probability = static_cast<float>(o.number("tau_keep")),
          .divergence = static_cast<float>(o.number("eps_kl")),
          .draft_threshold = static_cast<float>(o.number("tau_draft")),
          .verify_threshold = static_cast<float>(o.number("tau_verify")),
          .fix_threshold = static_cast<float>(o.number("tau_fix")),
          .most_rejections = static_cast<uint32_t>(o.integer("max_reject_per_pos")),
          .shadows = o.text("shadows") == "block" ? Shadows::block : Shadows::own};
}

PublishedRule published_rule_of(std::string_view name) {
  if (name == "exact-match") return PublishedRule::exact_match;
  if (name == "confidence") return PublishedRule::confidence;
  if (name == "disagreement-or-confidence") return PublishedRule::disagreement_or_confidence;
  if (name == "kl") return PublishedRule::kl;
  return name == "none" ? PublishedRule::none : PublishedRule::trust_verifier;
}

PublishedOptions published_options(const Options& o) {
  return {.rule = published_rule_of(o.text("verification_fn")),
          .confidence = static_cast<float>(o.number("verify_confidence")),
          .draft_steps = static_cast<uint32_t>(o.integer("num_drafter_steps")),
          .most_iterations = static_cast<uint32_t>(o.integer("max_iterations")),
          .compat = o.flag("dual_compat")};
}

cache::PolicyOptions policy_options(const Options& o) {
  return {.cache_steps = static_cast<uint32_t>(o.integer("cache_steps")),
          .window_size = static_cast<uint32_t>(o.integer("window_size")),
          .shift_type = shift_type_of(o.text("shift_type")),
          .prompt_interval_steps = static_cast<uint32_t>(o.integer("prompt_interval_steps")),
          .gen_interval_steps = static_cast<uint32_t>(o.integer("gen_interval_steps")),
          .cfg_interval_steps = static_cast<uint32_t>(o.integer("cfg_interval_steps")),
          .transfer_ratio = static_cast<float>(o.number("transfer_ratio")),
          .keep_ratio = static_cast<float>(o.number("keep_ratio")),
          .kernel_size = static_cast<uint32_t>(o.integer("kernel_size"))};
}

}  // namespace

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
  check_text(o, value);
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
    for (const OptionInfo& t : option_table()) texts[t.name] = t.default_text;
    return texts;
  }();
  return defaults.at(o.name);
}

bool Options::is_set(std::string_view name) const { return numbers_.contains(name); }

SessionOptions::SessionOptions(const Options& o)
    : length(static_cast<uint32_t>(o.integer("length"))),
      block(o.integer("block") < 0 ? own_block : static_cast<uint32_t>(o.integer("block"))),
      steps(static_cast<uint32_t>(o.integer("steps"))),
      stride(static_cast<uint32_t>(o.integer("stride"))),
      remasking(remasking_of(o.text("remasking"))),
      temperature(static_cast<float>(o.number("temperature"))),
      top_p(static_cast<float>(o.number("top_p"))),
      guidance(static_cast<float>(o.number("guidance"))),
      threshold(static_cast<float>(o.number("threshold"))),
      factor(static_cast<float>(o.number("factor"))),
      steps_given(steps > 0),
      temperature_given(o.is_set("temperature")),
      top_k(static_cast<uint32_t>(o.integer("top_k"))),
      seed(static_cast<uint64_t>(o.integer("seed"))),
      algorithm(algorithm_of(o.text("alg"))),
      algorithm_temperature(static_cast<float>(o.number("alg_temp"))),
      end_time(static_cast<float>(o.number("eps"))),
      reveal(reveal_of(o.text("remasking_strategy"))),
      confidence_threshold(static_cast<float>(o.number("confidence_threshold"))),
      entropy_bound(static_cast<float>(o.number("entropy_bound"))),
      edit_threshold(static_cast<float>(o.number("edit_threshold"))),
      max_post_steps(static_cast<uint32_t>(o.integer("max_post_steps"))),
      sub_block(static_cast<uint32_t>(o.integer("sub_block"))),
      draft_length(static_cast<uint32_t>(o.integer("draft_length"))),
      acceptance(acceptance_of(o.text("acceptance"), temperature)),
      partial_fill(partial_fill_of(o.text("partial_block_fill"))),
      eos_min_prob(static_cast<float>(o.number("eos_min_prob"))),
      routing(routing_options(o)),
      schedule(o.text("schedule")),
      dual(dual_options(o)),
      published(published_options(o)),
      compat_fp32_gumbel(o.flag("compat_fp32_gumbel")),
      stop_at_end(o.flag("stop_at_end")),
      suppress_end(o.flag("suppress_end")),
      postpone_end(o.flag("postpone_end")),
      cache(o.text("cache")),
      cache_options(policy_options(o)) {
  if (steps == 0) steps = length;
}

void SessionOptions::resolve_block(uint32_t attention_block) {
  if (block == own_block) block = attention_block > 0 ? attention_block : 32;
  if (attention_block == 0 && (block == 0 || block > length)) block = length;
  require(block > 0, Status::invalid_argument,
          "The attention of this model goes by blocks, so option 'block' must be above 0; -1 takes the "
          "model's own {}.",
          attention_block);
}

}  // namespace unmask::decode
