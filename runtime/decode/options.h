// Options by name: one table that the C ABI, the command line and the bindings enumerate.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/policy.h"
#include "decode/model_schedule.h"

namespace unmask::decode {

enum class OptionKind : int32_t { number = 0, integer = 1, flag = 2, text = 3 };

struct OptionInfo {
  const char* name;
  OptionKind kind;
  double default_number;
  double minimum, maximum;
  const char* default_text;  // of kind text
  const char* choices;       // of kind text: "a|b|c"; empty: what the description says
  const char* description;   // a sentence, with the unit and the meaning of special values
};

std::span<const OptionInfo> option_table();

// Values by name; those not set have the table's defaults. A value is checked when it is set.
class Options {
 public:
  // Throws not_found for an unknown name (with the nearest known ones), invalid_argument for a bad value.
  void set_number(std::string_view name, double value);
  void set_integer(std::string_view name, int64_t value);
  void set_text(std::string_view name, std::string_view value);

  double number(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const { return integer(name) != 0; }
  const std::string& text(std::string_view name) const;
  bool is_set(std::string_view name) const;  // a number

 private:
  std::map<std::string, double, std::less<>> numbers_;
  std::map<std::string, int64_t, std::less<>> integers_;
  std::map<std::string, std::string, std::less<>> texts_;
};

enum class DreamAlgorithm : uint8_t { origin, maskgit_plus, topk_margin, entropy };
enum class SdarReveal : uint8_t {
  sequential,
  low_confidence_static,
  low_confidence_dynamic,
  entropy_bounded
};

// When a verifier lets a drafted token stay, see option acceptance.
enum class Acceptance : uint8_t { greedy_match, rejection_sampling };

// What strategy simsd puts after the first rejected token, see option partial_block_fill.
enum class PartialFill : uint8_t {
  truncate,
  truncate_no_bonus,
  target_argmax,
  target_argmax_all,
  draft_argmax,
  redraft
};

// When strategy s2d2 verifies a draft, see option verify_policy and those that it names.
enum class VerifyPolicy : uint8_t { mask_span_length, score_threshold, score_hysteresis };
struct RoutingOptions {
  VerifyPolicy policy;
  uint32_t min_span_length;
  double entropy_temperature, score_penalty, score_threshold, hysteresis_on, hysteresis_off;
};

enum class KeepRule : uint8_t { ratio, prob, argmax, kl };
enum class Shadows : uint8_t { own, block };

// How strategy dual drafts and judges.
struct DualOptions {
  KeepRule rule;
  float ratio, probability, divergence;  // what each rule compares with; argmax has nothing to compare
  float draft_threshold, verify_threshold, fix_threshold;
  uint32_t most_rejections;  // of a position
  Shadows shadows;
};

enum class PublishedRule : uint8_t {
  trust_verifier,
  exact_match,
  confidence,
  disagreement_or_confidence,
  kl,
  none
};

// How strategy dual-published does.
struct PublishedOptions {
  PublishedRule rule;
  float confidence;
  uint32_t draft_steps, most_iterations;
  bool compat;
};

// What a session needs to know, typed. See the table for meanings.
struct SessionOptions {
  uint32_t length, block, steps, stride;
  tensor::Confidence remasking;
  float temperature, top_p, guidance, threshold, factor;
  bool steps_given;        // otherwise one per token
  bool temperature_given;  // otherwise a strategy may have one of its own
  uint32_t top_k;
  uint64_t seed;
  DreamAlgorithm algorithm;
  float algorithm_temperature, end_time;
  SdarReveal reveal;
  float confidence_threshold, entropy_bound, edit_threshold;
  uint32_t max_post_steps;
  uint32_t sub_block;
  uint32_t draft_length;
  Acceptance acceptance;
  PartialFill partial_fill;
  float eos_min_prob;
  RoutingOptions routing;
  ModelSchedule schedule;
  DualOptions dual;
  PublishedOptions published;
  bool compat_fp32_gumbel;
  bool stop_at_end, suppress_end, postpone_end;
  std::string cache;
  cache::PolicyOptions cache_options;

  explicit SessionOptions(const Options& options);

  // Whether some steps use the guidance of an earlier one.
  bool reuses_guidance() const { return guidance > 0 && cache_options.cfg_interval_steps > 1; }

  // Gives `block` its meaning for a model: `attention_block` is the block of its block-causal attention, or
  // 0.
  void resolve_block(uint32_t attention_block);
};

}  // namespace unmask::decode
