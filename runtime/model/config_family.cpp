#include "model/config_family.h"

namespace unmask::model {
namespace {

// Far above any published model and far below what could overflow a product of two of them.
constexpr uint32_t max_width = 1u << 20;
constexpr uint32_t max_layers = 4096;
constexpr uint32_t max_heads = 4096;
constexpr uint32_t max_vocabulary = 1u << 22;
constexpr uint32_t max_positions = 1u << 24;

// LLaDA (Nie et al. 2025, arXiv 2502.09992) and LLaDA 1.5: the field names and defaults of OLMo's code, which
// knows many variants that no published checkpoint uses.
namespace llada {

constexpr const char* signature[] = {"d_model", "mlp_hidden_size", "block_type"};

constexpr IntegerField integers[] = {
    {{"n_layers"}, &ModelConfig::layers, max_layers},
    {{"d_model"}, &ModelConfig::hidden, max_width},
    {{"n_heads"}, &ModelConfig::heads, max_heads},
    {{"n_kv_heads", "n_heads"}, &ModelConfig::kv_heads, max_heads},
    {{"mlp_hidden_size"}, &ModelConfig::ffn, max_width},
    {{"embedding_size", "vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"max_sequence_length"}, &ModelConfig::positions, max_positions},
};

constexpr NumberField numbers[] = {
    {{"rope_theta"}, &ModelConfig::rope_theta, 1e12},
    {{"rms_norm_eps"}, &ModelConfig::norm_eps, 0.1},
};

constexpr TokenField tokens[] = {
    {{"mask_token_id"}, &ModelConfig::mask_token},
    {{"eos_token_id"}, &ModelConfig::end_token},
    {{"pad_token_id", "eos_token_id"}, &ModelConfig::pad_token},
};

constexpr FixedField fixed[] = {
    {"block_type", "\"llama\"", false},
    {"activation_type", "\"silu\"", false},
    {"layer_norm_type", "\"rms\"", false},
    {"rope", "true", false},
    {"include_bias", "false", false},
    {"alibi", "false", true},
    {"include_qkv_bias", "false", true},
    {"bias_for_layer_norm", "false", true},
    {"attention_layer_norm", "false", true},
    {"layer_norm_with_affine", "true", true},
    {"input_emb_norm", "false", true},
    {"scale_logits", "false", true},
    {"multi_query_attention", "false", true},
    {"block_group_size", "1", true},
    {"clip_qkv", nullptr, true},
};

}  // namespace llada

// Models made from Qwen2.5 or Qwen3: the field names of their configuration in Hugging Face transformers.
namespace qwen {

constexpr IntegerField integers[] = {
    {{"num_hidden_layers"}, &ModelConfig::layers, max_layers},
    {{"hidden_size"}, &ModelConfig::hidden, max_width},
    {{"num_attention_heads"}, &ModelConfig::heads, max_heads},
    {{"num_key_value_heads", "num_attention_heads"}, &ModelConfig::kv_heads, max_heads},
    {{"intermediate_size"}, &ModelConfig::ffn, max_width},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"max_position_embeddings"}, &ModelConfig::positions, max_positions},
};

constexpr NumberField numbers[] = {
    {{"rope_theta"}, &ModelConfig::rope_theta, 1e12},
    {{"rms_norm_eps"}, &ModelConfig::norm_eps, 0.1},
};

// The mask tokens that the published code uses where the file names none.
template <int64_t mask_token>
constexpr TokenField tokens[] = {
    {{"mask_token_id"}, &ModelConfig::mask_token, mask_token},
    {{"eos_token_id"}, &ModelConfig::end_token},
    {{"pad_token_id", "eos_token_id"}, &ModelConfig::pad_token},
};

constexpr FixedField fixed[] = {
    {"hidden_act", "\"silu\"", true},
    {"rope_scaling", nullptr, true},
    {"use_sliding_window", "false", true},
};
constexpr FixedField fixed_without_bias[] = {fixed[0], fixed[1], fixed[2], {"attention_bias", "false", true}};

constexpr ConfigFamily common = {
    .architecture = "qwen",
    .model_type = nullptr,
    .class_name = nullptr,
    .signature = {},
    .integers = integers,
    .numbers = numbers,
    .tokens = {},
    .fixed = fixed,
    .tie_embeddings = "tie_word_embeddings",
    .begin_token = "bos_token_id",
    .head_dim = "head_dim",
};

// Dream (Ye et al. 2025, arXiv 2508.15487), on Qwen2.5: bidirectional, but row i still predicts token i + 1.
constexpr ConfigFamily dream() {
  ConfigFamily f = common;
  f.model_type = "Dream", f.class_name = "DreamModel";
  f.tokens = tokens<151666>;
  f.qkv_bias = f.shifted_logits = true;
  return f;
}

// Fast-dLLM v2 (Wu et al. 2025, arXiv 2509.26328), on Qwen2.5: blocks of 32, logits shifted like Dream's.
constexpr ConfigFamily fast_dllm_v2() {
  ConfigFamily f = dream();
  f.model_type = "Fast_dLLM_Qwen", f.class_name = "Fast_dLLM_QwenForCausalLM";
  f.tokens = tokens<151665>;
  f.block_length = "bd_size", f.default_block_length = 32;
  return f;
}

// SDAR (Cheng et al. 2025, arXiv 2510.06303), on Qwen3.
constexpr ConfigFamily sdar() {
  ConfigFamily f = common;
  f.model_type = "sdar", f.class_name = "SDARForCausalLM";
  f.tokens = tokens<151669>;
  f.fixed = fixed_without_bias;
  f.qk_norm = true;
  f.block_length = "block_size", f.default_block_length = 4;
  return f;
}

}  // namespace qwen

// MDLM (Sahoo et al. 2024, arXiv 2406.07524): the field names of the published Hugging Face folders, or those
// of the training code's own configuration, which stand in an object "model".
namespace mdlm {

constexpr const char* signature[] = {"parameterization", "model.cond_dim", "model.n_blocks"};

constexpr IntegerField integers[] = {
    {{"n_blocks", "model.n_blocks"}, &ModelConfig::layers, max_layers},
    {{"hidden_dim", "model.hidden_size"}, &ModelConfig::hidden, max_width},
    {{"n_heads", "model.n_heads"}, &ModelConfig::heads, max_heads},
    {{"n_heads", "model.n_heads"}, &ModelConfig::kv_heads, max_heads},
    {{"cond_dim", "model.cond_dim"}, &ModelConfig::condition, max_width},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"model_length", "model.length"}, &ModelConfig::positions, max_positions},
};

// With time conditioning, adaLN's modulations are no constants.
constexpr FixedField fixed[] = {
    {"time_conditioning", "false", true},
    {"parameterization", "\"subs\"", true},
};

// The mask is the last token. Texts have no end token: GPT-2's stands between the documents of a text, and a
// text begins with it.
void complete(ModelConfig& config) {
  config.ffn = 4 * config.hidden;
  config.rope_theta = 10000;
  config.norm_eps = 1e-5;
  config.mask_token = static_cast<int32_t>(config.vocabulary) - 1;
  config.end_token = config.pad_token = -1;
}

}  // namespace mdlm

// LLaDA-MoE (Zhu et al. 2025, arXiv 2509.24389). Its published folders say "llada" for a type, as LLaDA's do.
namespace llada_moe {

constexpr const char* signature[] = {"num_experts", "expert_intermediate_size"};

// There is no dense MLP in it, so that the widest is an expert's.
constexpr IntegerField integers[] = {
    {{"num_hidden_layers"}, &ModelConfig::layers, max_layers},
    {{"hidden_size"}, &ModelConfig::hidden, max_width},
    {{"num_attention_heads"}, &ModelConfig::heads, max_heads},
    {{"num_key_value_heads", "num_attention_heads"}, &ModelConfig::kv_heads, max_heads},
    {{"expert_intermediate_size"}, &ModelConfig::ffn, max_width},
    {{"expert_intermediate_size"}, &ModelConfig::expert_ffn, max_width},
    {{"num_experts"}, &ModelConfig::experts, max_width},
    {{"num_experts_per_tok"}, &ModelConfig::experts_chosen, max_width},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"max_position_embeddings"}, &ModelConfig::positions, max_positions},
};

constexpr TokenField tokens[] = {
    {{"mask_token_id"}, &ModelConfig::mask_token, 156895},
    {{"eos_token_id"}, &ModelConfig::end_token, 156892},
    {{"pad_token_id", "eos_token_id"}, &ModelConfig::pad_token, 156892},
};

// "norm_topk_prob" and "routed_scaling_factor" are not read by the published code either.
constexpr FixedField fixed[] = {
    {"hidden_act", "\"silu\"", true},
    {"rope_scaling", nullptr, true},
    {"partial_rotary_factor", "1.0", true},
    {"attention_bias", "false", true},
    {"clip_qkv", nullptr, true},
    {"qk_layernorm", "true", true},
    {"shared_expert_intermediate_size", nullptr, true},
    {"moe_router_score_function", "\"softmax\"", true},
    {"moe_router_enable_expert_bias", "false", true},
};

}  // namespace llada_moe

// LLaDA2.0 and LLaDA2.1 (Bie et al. 2025, arXiv 2512.15745), on Ling 2.0.
namespace llada2 {

constexpr IntegerField integers[] = {
    {{"num_hidden_layers"}, &ModelConfig::layers, max_layers},
    {{"hidden_size"}, &ModelConfig::hidden, max_width},
    {{"num_attention_heads"}, &ModelConfig::heads, max_heads},
    {{"num_key_value_heads", "num_attention_heads"}, &ModelConfig::kv_heads, max_heads},
    {{"intermediate_size"}, &ModelConfig::ffn, max_width},
    {{"moe_intermediate_size"}, &ModelConfig::expert_ffn, max_width},
    {{"num_experts"}, &ModelConfig::experts, max_width},
    {{"num_experts_per_tok"}, &ModelConfig::experts_chosen, max_width},
    {{"num_shared_experts"}, &ModelConfig::shared_experts, max_width, 0, 0},
    {{"first_k_dense_replace"}, &ModelConfig::dense_layers, max_layers, 0, 0},
    {{"n_group"}, &ModelConfig::expert_groups, max_width, 1, 8},
    {{"topk_group"}, &ModelConfig::expert_groups_kept, max_width, 1, 4},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"max_position_embeddings"}, &ModelConfig::positions, max_positions},
};

constexpr NumberField numbers[] = {
    {{"rope_theta"}, &ModelConfig::rope_theta, 1e12},
    {{"rms_norm_eps"}, &ModelConfig::norm_eps, 0.1},
    {{"routed_scaling_factor"}, &ModelConfig::expert_scale, 1e6},
};

constexpr TokenField tokens[] = {
    {{"mask_token_id"}, &ModelConfig::mask_token, 156895},
    {{"eos_token_id", "pad_token_id"}, &ModelConfig::end_token, 156892},
    {{"pad_token_id", "eos_token_id"}, &ModelConfig::pad_token, 156892},
};

constexpr FixedField fixed[] = {
    {"hidden_act", "\"silu\"", true},
    {"rope_scaling", nullptr, true},
    {"use_sliding_window", "false", true},
    {"use_bias", "false", true},
    {"use_qkv_bias", "false", true},
    {"use_qk_norm", "true", true},
    {"norm_topk_prob", "true", true},
    {"score_function", "\"sigmoid\"", true},
    {"moe_router_enable_expert_bias", "true", true},
};

}  // namespace llada2

constexpr ConfigFamily families[] = {
    // Before LLaDA, whose type it shares.
    {
        .architecture = "llada_moe",
        .model_type = "llada",
        .class_name = "LLaDAMoEModelLM",
        .signature = llada_moe::signature,
        .signed_type = true,
        .integers = llada_moe::integers,
        .numbers = qwen::numbers,
        .tokens = llada_moe::tokens,
        .fixed = llada_moe::fixed,
        .tie_embeddings = "tie_word_embeddings",
        .begin_token = "bos_token_id",
        .head_dim = "head_dim",
        .qk_norm = true,
        .expert_layers = "moe_layer_freq",
    },
    {
        .architecture = "llada",
        .model_type = "llada",
        .class_name = "LLaDAModelLM",
        .signature = llada::signature,
        .integers = llada::integers,
        .numbers = llada::numbers,
        .tokens = llada::tokens,
        .fixed = llada::fixed,
        .tie_embeddings = "weight_tying",
        .begin_token = "bos_token_id",
        .head_dim = nullptr,
    },
    qwen::dream(),
    qwen::fast_dllm_v2(),
    qwen::sdar(),
    {
        .architecture = "mdlm",
        .model_type = "mdlm",
        .class_name = "MDLM",
        .signature = mdlm::signature,
        .integers = mdlm::integers,
        .numbers = {},
        .tokens = {},
        .fixed = mdlm::fixed,
        .tie_embeddings = nullptr,
        .begin_token = nullptr,
        .head_dim = nullptr,
        .complete = mdlm::complete,
    },
    {
        .architecture = "llada2",
        .model_type = "llada2_moe",
        .class_name = "LLaDA2MoeModelLM",
        .signature = {},
        .integers = llada2::integers,
        .numbers = llada2::numbers,
        .tokens = llada2::tokens,
        .fixed = llada2::fixed,
        .tie_embeddings = "tie_word_embeddings",
        .begin_token = "bos_token_id",
        .head_dim = "head_dim",
        .qk_norm = true,
        .sigmoid_router = true,
        .block_length = "block_length",
        .default_block_length = 32,
        .rotary_fraction = "partial_rotary_factor",
        .default_rotary_fraction = 0.5,
    },
};

}  // namespace

std::span<const ConfigFamily> config_families() { return families; }

}  // namespace unmask::model
