// The options there are.
#include <array>

#include "decode/options.h"

namespace unmask::decode {

namespace {

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
        "verification_fn", OptionKind::text, 0, 0, 0, "trust-verifier",
        "trust-verifier|exact-match|confidence|disagreement-or-confidence|kl|none",
        "Strategy dual-published, which tokens are masked again: none; those that differ from the verifier's text; "
        "those less probable than verify_confidence; both; new ones of a probability below 0.5; none, and the "
        "verifier's own token is not taken either."},
    OptionInfo{"verify_confidence", OptionKind::number, 0.9, 0, 1, "", "",
               "Strategy dual-published: see verification_fn."},
    OptionInfo{"num_drafter_steps", OptionKind::integer, 16, 1, 1 << 20, "", "",
               "Strategy dual-published: passes of the drafter before each verification."},
    OptionInfo{"max_iterations", OptionKind::integer, 4, 1, 1 << 20, "", "",
               "Strategy dual-published: verifications of a text. The drafter writes what is left then."},
    OptionInfo{
        "dual_compat", OptionKind::flag, 0, 0, 1, "", "",
        "Strategy dual-published: as the published code, throw away everything behind the first mask before "
        "drafting, lose special tokens between the models, and end after the last verification."},
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

}  // namespace

std::span<const OptionInfo> option_table() { return table; }

}  // namespace unmask::decode
