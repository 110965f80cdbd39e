// The structs of runtime/tensor/layouts.h: 32-bit words in the same order.
#ifndef LAYOUTS_GLSL
#define LAYOUTS_GLSL

const uint none = 0xFFFFFFFFu;

struct Row {
  uint sequence;
  uint position;
  uint slot;
  uint keeps_values;
};

struct KeyRanges {
  uint begin0, end0, begin1, end1;
};

struct Selection {
  uint scores_begin, count, kept, list_begin;
  uint value_begin, gap_begin, gap;
  uint first_row;
  uint pool;
  uint reserved0, reserved1, reserved2;
};

struct Candidate {
  uint row;
  uint unconditional_row;
  uint sequence;
  uint position;
  uint slot;
  uint mirror_slot;
  uint times_remasked;
  uint token;
};

const uint confidence_probability = 0;
const uint confidence_random = 1;
const uint confidence_margin = 2;
const uint confidence_negative_entropy = 3;
const uint confidence_race = 4;

const uint commit_count_rule = 0;
const uint commit_threshold_rule = 1;
const uint commit_entropy_rule = 2;
const uint commit_factor_rule = 3;

struct SequenceStep {
  uint seed_low, seed_high;
  float temperature;
  uint masks_left;

  uint candidate_begin, candidate_count;
  uint commit_count;
  uint confidence;

  uint suppressed0, suppressed1;
  uint postponed0, postponed1;

  uint top_k;
  float top_p;
  float guidance;
  uint commit_rule;

  float commit_parameter;
  float rank_temperature;
  uint ranked_as_sampled;
  uint coarse_noise;

  uint edit_count;
  float edit_threshold;
  uint reserved0, reserved1;
};

struct TokenStats {
  uint token;
  float logit;
  float log_sum_exp;
  float entropy;
  uint best_token;
  float best_logit;
  float runner_up;
  float noised;
};

struct Judged {
  uint row;
  uint draft_row;
  uint sequence;
  uint position;
  uint token;
  float temperature;
  uint draw;
  uint reserved;
};

struct Verdict {
  float log_p, log_q;
  uint best_token;
  float best_log_q;
  float divergence;
  uint accepted;
  uint replacement;
  float entropy;
};

struct ExpertTile {
  uint expert, begin, end, reserved;
};

#endif
