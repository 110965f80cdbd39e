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

constexpr ConfigFamily families[] = {
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
};

}  // namespace

std::span<const ConfigFamily> config_families() { return families; }

}  // namespace unmask::model
