#include "model/gguf/family.h"

#include <vector>

#include "base/error.h"

namespace unmask::model::gguf {
namespace {

constexpr uint32_t max_width = 1u << 20, max_layers = 4096, max_heads = 4096, max_vocabulary = 1u << 22,
                   max_positions = 1u << 24;

// What all architectures write alike.
constexpr IntegerField integers[] = {
    {{"block_count"}, &ModelConfig::layers, max_layers},
    {{"embedding_length"}, &ModelConfig::hidden, max_width},
    {{"attention.head_count"}, &ModelConfig::heads, max_heads},
    {{"attention.head_count_kv", "attention.head_count"}, &ModelConfig::kv_heads, max_heads},
    {{"feed_forward_length"}, &ModelConfig::ffn, max_width},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"context_length"}, &ModelConfig::positions, max_positions},
};

constexpr NumberField numbers[] = {
    {{"rope.freq_base"}, &ModelConfig::rope_theta, 1e12},
    {{"attention.layer_norm_rms_epsilon"}, &ModelConfig::norm_eps, 0.1},
};

constexpr TokenField tokens[] = {
    {{"tokenizer.ggml.mask_token_id"}, &ModelConfig::mask_token},
    {{"tokenizer.ggml.eos_token_id"}, &ModelConfig::end_token},
    {{"tokenizer.ggml.padding_token_id", "tokenizer.ggml.eos_token_id"}, &ModelConfig::pad_token},
};

constexpr ConfigFamily config_of(const char* architecture, const char* gguf_name,
                                 std::span<const FixedField> fixed) {
  return {.architecture = architecture,
          .model_type = gguf_name,
          .class_name = "",
          .signature = {},
          .integers = integers,
          .numbers = numbers,
          .tokens = tokens,
          .fixed = fixed,
          .tie_embeddings = "tie_embeddings",  // the reader's own: GGUF has no key for it
          .begin_token = "tokenizer.ggml.bos_token_id",
          .head_dim = "attention.key_length"};
}

namespace llada {

constexpr FixedField fixed[] = {
    {"attention.causal", "false", true},
    {"diffusion.shift_logits", "false", true},
    {"rope.scaling.type", "\"none\"", true},
};

constexpr TensorName tensors[] = {
    {"model.transformer.wte.weight", embedding_tensor},
    {"model.transformer.blocks.{}.attn_norm.weight", "blk.{}.attn_norm.weight"},
    {"model.transformer.blocks.{}.q_proj.weight", "blk.{}.attn_q.weight", Stored::paired_queries},
    {"model.transformer.blocks.{}.k_proj.weight", "blk.{}.attn_k.weight", Stored::paired_keys},
    {"model.transformer.blocks.{}.v_proj.weight", "blk.{}.attn_v.weight"},
    {"model.transformer.blocks.{}.attn_out.weight", "blk.{}.attn_output.weight"},
    {"model.transformer.blocks.{}.ff_norm.weight", "blk.{}.ffn_norm.weight"},
    {"model.transformer.blocks.{}.ff_proj.weight", "blk.{}.ffn_gate.weight"},
    {"model.transformer.blocks.{}.up_proj.weight", "blk.{}.ffn_up.weight"},
    {"model.transformer.blocks.{}.ff_out.weight", "blk.{}.ffn_down.weight"},
    {"model.transformer.ln_f.weight", "output_norm.weight"},
    {"model.transformer.ff_out.weight", head_tensor},
};

}  // namespace llada

namespace dream {

constexpr FixedField fixed[] = {
    {"attention.causal", "false", true},
    {"diffusion.shift_logits", "true", true},
    {"rope.scaling.type", "\"none\"", true},
};

constexpr TensorName tensors[] = {
    {"model.embed_tokens.weight", embedding_tensor},
    {"model.layers.{}.input_layernorm.weight", "blk.{}.attn_norm.weight"},
    {"model.layers.{}.self_attn.q_proj.weight", "blk.{}.attn_q.weight"},
    {"model.layers.{}.self_attn.q_proj.bias", "blk.{}.attn_q.bias"},
    {"model.layers.{}.self_attn.k_proj.weight", "blk.{}.attn_k.weight"},
    {"model.layers.{}.self_attn.k_proj.bias", "blk.{}.attn_k.bias"},
    {"model.layers.{}.self_attn.v_proj.weight", "blk.{}.attn_v.weight"},
    {"model.layers.{}.self_attn.v_proj.bias", "blk.{}.attn_v.bias"},
    {"model.layers.{}.self_attn.o_proj.weight", "blk.{}.attn_output.weight"},
    {"model.layers.{}.post_attention_layernorm.weight", "blk.{}.ffn_norm.weight"},
    {"model.layers.{}.mlp.gate_proj.weight", "blk.{}.ffn_gate.weight"},
    {"model.layers.{}.mlp.up_proj.weight", "blk.{}.ffn_up.weight"},
    {"model.layers.{}.mlp.down_proj.weight", "blk.{}.ffn_down.weight"},
    {"model.norm.weight", "output_norm.weight"},
    {"lm_head.weight", head_tensor},
};

constexpr ConfigFamily config() {
  ConfigFamily family = config_of("qwen", "dream", fixed);
  family.qkv_bias = family.shifted_logits = true;
  return family;
}

}  // namespace dream

namespace llada_moe {

// Its "feed_forward_length", where a file has one, is of a dense layer that no model has.
constexpr IntegerField integers[] = {
    {{"block_count"}, &ModelConfig::layers, max_layers},
    {{"embedding_length"}, &ModelConfig::hidden, max_width},
    {{"attention.head_count"}, &ModelConfig::heads, max_heads},
    {{"attention.head_count_kv", "attention.head_count"}, &ModelConfig::kv_heads, max_heads},
    {{"expert_feed_forward_length"}, &ModelConfig::expert_ffn, max_width},
    {{"expert_count"}, &ModelConfig::experts, max_width},
    {{"expert_used_count"}, &ModelConfig::experts_chosen, max_width},
    {{"vocab_size"}, &ModelConfig::vocabulary, max_vocabulary},
    {{"context_length"}, &ModelConfig::positions, max_positions},
};

// A softmax over all experts, of whose weights those chosen keep theirs.
constexpr FixedField fixed[] = {
    llada::fixed[0],
    llada::fixed[1],
    llada::fixed[2],
    {"expert_gating_func", "1", true},
    {"expert_weights_norm", "false", true},
};

// llama.cpp rotates the halves of this family's heads, as our network does: rows keep their order.
constexpr TensorName tensors[] = {
    {"model.embed_tokens.weight", embedding_tensor},
    {"model.layers.{}.input_layernorm.weight", "blk.{}.attn_norm.weight"},
    {"model.layers.{}.self_attn.q_proj.weight", "blk.{}.attn_q.weight"},
    {"model.layers.{}.self_attn.q_norm.weight", "blk.{}.attn_q_norm.weight"},
    {"model.layers.{}.self_attn.k_proj.weight", "blk.{}.attn_k.weight"},
    {"model.layers.{}.self_attn.k_norm.weight", "blk.{}.attn_k_norm.weight"},
    {"model.layers.{}.self_attn.v_proj.weight", "blk.{}.attn_v.weight"},
    {"model.layers.{}.self_attn.o_proj.weight", "blk.{}.attn_output.weight"},
    {"model.layers.{}.post_attention_layernorm.weight", "blk.{}.ffn_norm.weight"},
    {"model.layers.{}.mlp.gate.weight", "blk.{}.ffn_gate_inp.weight", Stored::in_f32},
    {"model.layers.{}.mlp.experts.{}.gate_proj.weight", "blk.{}.ffn_gate_exps.weight",
     Stored::stacked_experts},
    {"model.layers.{}.mlp.experts.{}.up_proj.weight", "blk.{}.ffn_up_exps.weight", Stored::stacked_experts},
    {"model.layers.{}.mlp.experts.{}.down_proj.weight", "blk.{}.ffn_down_exps.weight",
     Stored::stacked_experts},
    {"model.norm.weight", "output_norm.weight"},
    {"lm_head.weight", head_tensor},
};

constexpr ConfigFamily config() {
  ConfigFamily family = config_of("llada_moe", "llada-moe", fixed);
  family.integers = integers;
  family.qk_norm = true;
  family.complete = [](ModelConfig& c) { c.ffn = c.expert_ffn; };
  return family;
}

}  // namespace llada_moe

constexpr Family families[] = {
    {config_of("llada", "llada", llada::fixed), llada::tensors},
    {dream::config(), dream::tensors},
    {llada_moe::config(), llada_moe::tensors},
};

std::string known_names() {
  std::vector<std::string_view> names;
  for (const Family& family : families) names.emplace_back(family.config.model_type);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

uint32_t stacked_count(const TensorName& name, const ModelConfig& config) {
  return name.stored == Stored::stacked_experts ? config.experts : 1;
}

uint32_t paired_heads(const TensorName& name, const ModelConfig& config) {
  return name.stored == Stored::paired_queries ? config.heads
         : name.stored == Stored::paired_keys  ? config.kv_heads
                                               : 0;
}

const Family& family_of_gguf(std::string_view architecture, const std::string& where) {
  for (const Family& family : families)
    if (architecture == family.config.model_type) return family;
  fail(Status::unsupported, "{} holds a model of architecture \"{}\"; of GGUF files this build reads: {}.",
       where, architecture, known_names());
}

const Family& family_of_config(const ModelConfig& c) {
  for (const Family& family : families) {
    const ConfigFamily& f = family.config;
    if (c.architecture == f.architecture && c.qkv_bias == f.qkv_bias && c.qk_norm == f.qk_norm &&
        c.shifted_logits == f.shifted_logits && c.block_length == f.default_block_length)
      return family;
  }
  fail(Status::unsupported, "GGUF has no form for this model of architecture {}; this build writes: {}.",
       c.architecture, known_names());
}

bool is_prefixed(std::string_view key) {
  return !key.starts_with("tokenizer.") && !key.starts_with("diffusion.");
}

std::string full_key(const Family& family, std::string_view key) {
  return is_prefixed(key) ? fmt::format("{}.{}", family.config.model_type, key) : std::string(key);
}

std::string layer_name(std::string_view pattern, uint32_t layer, uint32_t expert) {
  return fmt::format(fmt::runtime(pattern), layer, expert);
}

}  // namespace unmask::model::gguf
