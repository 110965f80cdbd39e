// Structs that the host writes and shaders read (or the reverse), mirrored in shaders/include/layouts.glsl.
// All fields are 32-bit words in the order given; strides are multiples of 16 bytes.
#pragma once

#include <cstdint>

namespace unmask::tensor {

constexpr uint32_t none = 0xFFFFFFFFu;

// One row of a forward pass. A batch is rows with several sequence ids, not a mode.
struct Row {
  uint32_t sequence;  // index into the step's SequenceStep array
  uint32_t position;  // for RoPE
  uint32_t
      slot;  // row of the canvas and of the K/V cache; `none` for padding rows, which compute nothing useful
  uint32_t keeps_values;  // 1: where layers compare values, those of this row are not computed and stay
};
static_assert(sizeof(Row) == 16);

// The keys a row attends to: slots [begin0, end0) then [begin1, end1). An empty pair yields zeros.
struct KeyRanges {
  uint32_t begin0, end0, begin1, end1;
};
static_assert(sizeof(KeyRanges) == 16);

// The `kept` best of `count` scores, as entries of a list; see features/select_rows.
struct Selection {
  uint32_t scores_begin, count, kept;
  uint32_t list_begin;  // of the entries: what the kept scores stand for, ascending
  uint32_t value_begin, gap_begin,
      gap;             // score i stands for value_begin + i, from gap_begin on for `gap` more
  uint32_t first_row;  // where scores are of keys: of the `gap` rows of the pass that score them
  uint32_t pool;       // a score counts as the largest of those up to this many places away
  uint32_t reserved0, reserved1, reserved2;
};
static_assert(sizeof(Selection) == 48);

// One position whose distribution is asked for: a mask, or a token that may be edited.
struct Candidate {
  uint32_t row;                // row of the forward pass that predicts it
  uint32_t unconditional_row;  // its twin in the unconditional pass of guidance, or `none`
  uint32_t sequence;
  uint32_t position;
  uint32_t slot;         // where a commit goes in the canvas
  uint32_t mirror_slot;  // second canvas row to commit to (the unconditional copy), or `none`
  uint32_t times_remasked;
  uint32_t token;  // in the slot before the step
};
static_assert(sizeof(Candidate) == 32);

// How candidates are ranked; larger is committed first.
enum class Confidence : uint32_t {
  probability = 0,       // of the chosen token ("low_confidence" remasking in LLaDA's words)
  random = 1,            // uniform noise from Philox
  margin = 2,            // p(best) - p(runner-up)
  negative_entropy = 3,  // sum p ln p
  race = 4,              // ln p of the token with its noise, less the noise of staying a mask
};

// How many of the ranked candidates are committed: the first `commit_count`, and beyond them as many as pass
// a rule before the first that fails it.
enum class CommitRule : uint32_t {
  count = 0,      // none passes
  threshold = 1,  // the confidence is at least commit_parameter
  entropy = 2,    // the entropies up to it, its own included, sum to less than commit_parameter nats
  factor = 3,     // the n-th confidence is at least 1 - commit_parameter / (n + 1), from n = 2 on; where only
                  // the last of all fails, it counts as well
};

// What one sequence does in this step.
struct SequenceStep {
  uint32_t seed_low, seed_high;  // Philox key
  float temperature;             // 0: greedy
  uint32_t masks_left;           // in the whole sequence before this step; word 0 of the Philox counter

  uint32_t candidate_begin, candidate_count;  // its masks among the candidates are consecutive
  uint32_t commit_count;                      // see CommitRule
  uint32_t confidence;                        // Confidence

  uint32_t suppressed0, suppressed1;  // token ids whose logit counts as minus infinity, or `none`
  uint32_t postponed0,
      postponed1;  // token ids whose positions rank last ("confidence_eos_eot_inf"), or `none`

  uint32_t top_k;  // 0: off
  float top_p;     // 1: off
  float guidance;  // classifier-free guidance scale; 0: off
  uint32_t commit_rule;

  float commit_parameter;
  float rank_temperature;      // > 0: candidates rank by confidence / this + Gumbel noise
  uint32_t ranked_as_sampled;  // 1: confidence is of the distribution that is sampled, not of softmax(z)
  uint32_t coarse_noise;       // random bits of the noise on tokens that are 1 instead; usually none

  uint32_t edit_count;   // its tokens among the candidates: those that follow its masks
  float edit_threshold;  // a token is replaced by the best one where that is more probable than this
  uint32_t reserved0, reserved1;
};
static_assert(sizeof(SequenceStep) == 96);

// The distribution of one candidate, reduced over the vocabulary in fp32. z are the logits without noise.
struct TokenStats {
  uint32_t token;       // arg-max of z + temperature * Gumbel (over the kept tokens); ties to the lower id
  float logit;          // z[token]
  float log_sum_exp;    // of z
  float entropy;        // of softmax(z), nats
  uint32_t best_token;  // arg-max of z
  float best_logit;
  float runner_up;  // second largest z
  float noised;     // z + temperature * Gumbel of `token`, before any filter
};
static_assert(sizeof(TokenStats) == 32);

// A drafted token about which a target's distribution is asked.
struct Judged {
  uint32_t row;        // row of the forward pass whose logits judge it; `none` for padding
  uint32_t draft_row;  // of the kept logits of the draft, or `none`
  uint32_t sequence;
  uint32_t position;
  uint32_t token;
  float temperature;  // > 0, of both distributions: softmax(z / temperature)
  uint32_t draw;      // counts the judgements of one position with the same masks left: their noise differs
  uint32_t reserved;
};
static_assert(sizeof(Judged) == 32);

// What the target's distribution q says of a drafted token and of the draft's distribution p; natural
// logarithms.
struct Verdict {
  float log_p, log_q;   // of the token; log_p is 0 without a draft row
  uint32_t best_token;  // arg-max of q; ties to the lower id
  float best_log_q;
  float divergence;      // KL(p || q), nats; 0 without a draft row
  uint32_t accepted;     // by modified rejection sampling; 1 without a draft row
  uint32_t replacement;  // where it is not accepted: a sample of max(0, q - p) normalised, see the kernel
  float entropy;         // of q, nats
};
static_assert(sizeof(Verdict) == 32);

// Places [begin, end) in the sorted choices of a router, all of one expert: a tile of its matrix product.
struct ExpertTile {
  uint32_t expert;  // `none`: there is no such tile
  uint32_t begin, end;
  uint32_t reserved;
};
static_assert(sizeof(ExpertTile) == 16);

// What a step read back: one header per sequence, then its commits, best first, then its edits in the order
// of the candidates.
struct CommitHeader {
  uint32_t commits, edits;
  uint32_t reserved0, reserved1;
};
struct Commit {
  uint32_t slot;
  uint32_t token;
};
static_assert(sizeof(CommitHeader) == 16 && sizeof(Commit) == 8);

}  // namespace unmask::tensor
