#include "decode/options.h"

#include <array>
#include <cmath>

#include "base/error.h"

namespace unmask::decode {

namespace {

constexpr uint32_t own_block = 0xFFFFFFFFu;  // until resolve_block

constexpr double largest_integer = 9223372036854774784.0;  // the largest double below 2^63

constexpr std::array table = {
    OptionInfo{"length", OptionKind::integer, 128, 1, 1 << 20, "", "", "Tokens to generate."},
    OptionInfo{"block", OptionKind::integer, -1, -1, 1 << 20, "", "",
               "Tokens of a block; blocks are filled from left to right. -1: the model's own where its "
               "attention goes by blocks, else 32. 0: one block of the whole length."},
    OptionInfo{
        "steps", OptionKind::integer, 0, 0, 1 << 20, "", "",
        "Denoising steps in all, spread evenly over the blocks. 0: one per token. Strategies ancestral and "
        "first_hitting: steps of each stride."},
    OptionInfo{
        "stride", OptionKind::integer, 0, 0, 1 << 20, "", "",
        "Strategies ancestral and first_hitting: tokens by which the model's window moves on, once it is "
        "filled, in a text longer than its positions. 0: no longer texts."},
    OptionInfo{
        "remasking", OptionKind::text, 0, 0, 0, "low_confidence", "low_confidence|random|margin|entropy",
        "Which masks a step fills: those whose token is most probable, random ones, those with the largest "
        "margin between the two best tokens, or those of least entropy."},
    OptionInfo{
        "temperature", OptionKind::number, 0, 0, 1000, "", "",
        "Scale of the Gumbel noise on the logits. 0: the most probable token. Where it is not given, "
        "strategies ancestral and first_hitting take 1, which draws from the model's own distribution."},
    OptionInfo{"top_k", OptionKind::integer, 0, 0, 1 << 20, "", "",
               "Sample among the k most probable tokens only. 0: off. Needs a temperature."},
    OptionInfo{"top_p", OptionKind::number, 1, 0, 1, "", "",
               "Sample among the fewest tokens that hold this probability. 1: off. Needs a temperature."},
    OptionInfo{"seed", OptionKind::integer, 0, -largest_integer, largest_integer, "", "",
               "Seed of all noise: same seed, same tokens."},
    OptionInfo{
        "guidance", OptionKind::number, 0, 0, 1000, "", "",
        "Classifier-free guidance: scale of the difference to the prediction without the prompt. 0: off; "
        "otherwise each step computes two passes; see cfg_interval_steps."},
    OptionInfo{
        "compat_fp32_gumbel", OptionKind::flag, 0, 0, 1, "", "",
        "Draw as MDLM's published fp32 code does: Gumbel noise ends at 16.6, and with strategy ancestral "
        "each step lets the tokens of a mask race against its staying one. Improbable tokens then never come; "
        "for comparing with published figures only."},
    OptionInfo{"stop_at_end", OptionKind::flag, 1, 0, 1, "", "",
               "Stop after the block in which an end token stands with no mask before it."},
    OptionInfo{"suppress_end", OptionKind::flag, 0, 0, 1, "", "", "Never generate the end token."},
    OptionInfo{"postpone_end", OptionKind::flag, 0, 0, 1, "", "",
               "Fill positions whose token is an end token only when no others are left in the block."},
    OptionInfo{"threshold", OptionKind::number, 0, 0, 1, "", "",
               "Strategy vanilla: every step fills all masks of the block whose token is at least this "
               "probable, and the best one in any case (Fast-dLLM: 0.9). 0: as many as `steps` says."},
    OptionInfo{"factor", OptionKind::number, 0, 0, 1e6, "", "",
               "Strategy vanilla: every step fills the best masks of the block as long as the n-th is at "
               "least 1 - factor / (n + 1) probable (Fast-dLLM). 0: as many as `steps` says."},
    OptionInfo{
        "alg", OptionKind::text, 0, 0, 0, "entropy", "entropy|maskgit_plus|topk_margin|origin",
        "Strategy dream: fill the masks of least entropy, those whose token is most probable, those with the "
        "largest margin, or each with the same chance."},
    OptionInfo{"alg_temp", OptionKind::number, 0, 0, 1000, "", "",
               "Strategy dream: above 0, masks are drawn from the softmax of their confidence over this."},
    OptionInfo{"eps", OptionKind::number, 1e-3, 1e-6, 0.5, "", "",
               "Strategy dream: time at which the schedule of masks ends; it begins at 1."},
    OptionInfo{"remasking_strategy", OptionKind::text, 0, 0, 0, "low_confidence_dynamic",
               "low_confidence_dynamic|low_confidence_static|sequential|entropy_bounded",
               "Strategy sdar: a step fills all masks above the confidence threshold but no fewer than its "
               "share; its share of the most confident; the leftmost; or as many as keep within the entropy "
               "bound."},
    OptionInfo{
        "confidence_threshold", OptionKind::number, 0.85, 0, 1, "", "",
        "Strategies sdar, with low_confidence_dynamic, and s2d2: masks whose token is more probable than this are "
        "filled."},
    OptionInfo{"entropy_bound", OptionKind::number, 0.35, 0, 1e6, "", "",
               "Strategy sdar, entropy_bounded: sum of the entropies, in nats, of what a step fills."},
    OptionInfo{"sub_block", OptionKind::integer, 0, 0, 1 << 20, "", "",
               "Strategy sdar: parts of a block filled one after the other (Fast-dLLM v2 uses 8). 0: the "
               "whole block."},
    OptionInfo{
        "draft_length", OptionKind::integer, 0, 0, 32, "", "",
        "Strategies exact and self-draft: states drafted before each verification. 0: as many as pay, by "
        "measured costs and acceptance, at most 8. Strategy dual: passes that draft; 0: as many as pay, by "
        "counted work and what is kept, at most 16, and tau_draft follows what is rejected."},
    OptionInfo{
        "keep_rule", OptionKind::text, 0, 0, 0, "ratio", "ratio|prob|argmax|kl",
        "Strategy dual: a drafted token stays if, in the verifier's distribution, it has at least the share "
        "alpha of the best token's probability; at least the probability tau_keep; is the best token; or if "
        "that distribution diverges from the draft's by at most eps_kl."},
    OptionInfo{"alpha", OptionKind::number, 0.5, 0, 1, "", "", "Strategy dual, keep_rule ratio."},
    OptionInfo{"tau_keep", OptionKind::number, 0.5, 0, 1, "", "",
               "Strategy dual, keep_rule prob (WINO: 0.9)."},
    OptionInfo{"eps_kl", OptionKind::number, 0.5, 0, 1e6, "", "",
               "Strategy dual, keep_rule kl: Kullback-Leibler divergence in nats."},
    OptionInfo{"tau_draft", OptionKind::number, 0.8, 0, 1, "", "",
               "Strategy dual: a drafting pass fills all masks of the block whose token is at least this "
               "probable, and the best one in any case (WINO: 0.6)."},
    OptionInfo{"tau_verify", OptionKind::number, 0.9, 0, 1, "", "",
               "Strategy dual: the verifying pass fills those that are this probable."},
    OptionInfo{"tau_fix", OptionKind::number, 0.95, 0, 1, "", "",
               "Strategy dual: a rejected token is replaced by the best one if that is this probable, and "
               "masked again otherwise."},
    OptionInfo{"max_reject_per_pos", OptionKind::integer, 2, 0, 1 << 20, "", "",
               "Strategy dual: how often a position may be masked again. A token rejected after that is "
               "replaced by the best one."},
    OptionInfo{
        "shadows", OptionKind::text, 0, 0, 0, "own", "own|block",
        "Strategy dual: a token is judged by a mask at its position that sees all other tokens; own: each "
        "such mask sees none of the others; block: all positions of the block have one, and they see each "
        "other (WINO)."},
    OptionInfo{
        "acceptance", OptionKind::text, 0, 0, 0, "auto", "auto|greedy_match|mrs",
        "Strategies simsd and s2d2: a drafted token stays if it is the verifier's most probable one, or by modified "
        "rejection sampling. auto: by rejection sampling where there is a temperature."},
    OptionInfo{
        "partial_block_fill", OptionKind::text, 0, 0, 0, "truncate",
        "truncate|truncate_no_bonus|target_argmax|target_argmax_all|draft_argmax|redraft",
        "Strategy simsd: what follows the first rejected token of a block. truncate: masks; truncate_no_bonus: "
        "masks, and one in its own place if another was accepted; target_argmax: the verifier's best tokens of "
        "the same pass, target_argmax_all: those in the whole block; draft_argmax: the drafted tokens; redraft: "
        "the verifier's best tokens after another draft."},
    OptionInfo{
        "eos_min_prob", OptionKind::number, 0, 0, 1, "", "",
        "Strategy simsd: an end token that comes as the verifier's correction is left out if the verifier "
        "finds that the text ends there less probable than this. 0: never."},
    OptionInfo{
        "verify_policy", OptionKind::text, 0, 0, 0, "mask_span_length",
        "mask_span_length|score_threshold|score_hysteresis",
        "Strategy s2d2: which drafts are verified: those whose first run of masks has min_span_length; those "
        "whose score, the tokens that are likely to be accepted less score_penalty, is at least score_threshold; or, "
        "the penalty counted for each mask above confidence_threshold, from a score above hysteresis_on on until "
        "one is below hysteresis_off."},
    OptionInfo{"min_span_length", OptionKind::integer, 1, 1, 1 << 20, "", "",
               "Strategy s2d2, verify_policy mask_span_length: shorter runs of masks are not verified."},
    OptionInfo{
        "entropy_temperature", OptionKind::number, 1, 0, 1e6, "", "",
        "Strategy s2d2: a draft counts as accepted with probability e to the minus this times its entropy "
        "over the largest there is."},
    OptionInfo{"score_penalty", OptionKind::number, 2, 0, 1e6, "", "",
               "Strategy s2d2: price of a verification in the score, in tokens."},
    OptionInfo{"score_threshold", OptionKind::number, -1, -1e6, 1e6, "", "",
               "Strategy s2d2, verify_policy score_threshold: the least score that is verified."},
    OptionInfo{
        "hysteresis_on", OptionKind::number, 1, -1e6, 1e6, "", "",
        "Strategy s2d2, verify_policy score_hysteresis: drafts are verified from a score above this on."},
    OptionInfo{"hysteresis_off", OptionKind::number, -5, -1e6, 1e6, "", "",
               "Strategy s2d2, verify_policy score_hysteresis: they are not after a score below this."},
    OptionInfo{
        "schedule", OptionKind::text, 0, 0, 0, "", "",
        "With a drafter, strategies vanilla, dream, ancestral, first_hitting and, in each block, sdar "
        "(experimental): which steps the drafter takes (L, the light model) and which the model itself (H). "
        "\"L125,H750,L125\" counts steps, \"L0.125,H0.75,L0.125\" gives shares of them, or of the masks where "
        "their number is open, \"sandwich:0.25\" is the same for short, \"H\" and \"L\" are one model alone."},
    OptionInfo{
        "edit_threshold", OptionKind::number, 1, 0, 1, "", "",
        "Strategies vanilla and sdar: every step also replaces tokens of the block where the model's best one "
        "is another and more probable than this (LLaDA2.1: 0.5 or 0.9 for quality, 0 for speed). 1: never."},
    OptionInfo{"max_post_steps", OptionKind::integer, 16, 0, 1 << 20, "", "",
               "With an edit_threshold below 1: the most steps on a block that has no masks left. The first "
               "that edits nothing is the last."},
    OptionInfo{"cache", OptionKind::text, 0, 0, 0, "none",
               "none|block|prefix|dual|dkv-decode|dkv-greedy|dkv-prefill|dkv-pd|dllm|sparse",
               "Cache policy. block: exact, for models whose attention goes by blocks; all others are "
               "approximate, for models in which every row sees every key: Fast-dLLM's prefix and dual, "
               "dKV-Cache's four, dLLM-Cache, Sparse-dLLM."},
    OptionInfo{"cache_steps", OptionKind::integer, 0, 0, 1 << 20, "", "",
               "Caches dkv-*: steps between refreshes. 0: the published 8, and 2 for dkv-greedy."},
    OptionInfo{"window_size", OptionKind::integer, 4, 0, 1 << 20, "", "",
               "Cache dkv-greedy: masked neighbours computed along with each position that is filled."},
    OptionInfo{
        "shift_type", OptionKind::text, 0, 0, 0, "un", "un|un_right|right",
        "Caches dkv-*, models whose row i predicts token i + 1: a row is kept once that token is known, "
        "once its own is known too, or once its own is known."},
    OptionInfo{"prompt_interval_steps", OptionKind::integer, 100, 1, 1 << 20, "", "",
               "Cache dllm: steps between computations of the prompt."},
    OptionInfo{"gen_interval_steps", OptionKind::integer, 7, 1, 1 << 20, "", "",
               "Cache dllm: steps between computations of the whole answer."},
    OptionInfo{"transfer_ratio", OptionKind::number, 0.25, 0, 1, "", "",
               "Cache dllm: share of the answer's rows that each layer computes in the steps between, those "
               "whose values changed most. 0: none."},
    OptionInfo{"cfg_interval_steps", OptionKind::integer, 1, 1, 1 << 20, "", "",
               "Guidance with cache none or dllm: steps between passes without the prompt. The steps between "
               "add the difference that the last such pass made to each prediction (dLLM-Cache). The first "
               "five steps all have one."},
    OptionInfo{"keep_ratio", OptionKind::number, 0.5, 0, 1, "", "",
               "Cache sparse: share of the keys outside the block that stay for its further steps."},
    OptionInfo{"kernel_size", OptionKind::integer, 3, 1, 1023, "", "",
               "Cache sparse: a key counts as much as the most attended one among this many around it; odd."},
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
    for (const OptionInfo& t : table) texts[t.name] = t.default_text;
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
