// Diffusion models made from Qwen2.5 (Dream, arXiv 2508.15487; Fast-dLLM v2, arXiv 2509.26328) and Qwen3
// (SDAR, arXiv 2510.06303): RMSNorm, half-rotation RoPE, grouped heads, SwiGLU. Qwen2.5 has biases on
// queries, keys and values, Qwen3 a norm on each query and key head. Which rows see which keys, and whether
// logits are shifted, is the configuration's.
#include "model/gated_transformer.h"

namespace unmask::model {

std::unique_ptr<Network> load_qwen(const ModelConfig& config, Uploader& uploader) {
  static constexpr GatedTransformerNames names = {
      .embedding = "model.embed_tokens",
      .final_norm = "model.norm",
      .head = "lm_head",
      .layer = "model.layers.{}",
      .attention_norm = "input_layernorm",
      .q = "self_attn.q_proj",
      .k = "self_attn.k_proj",
      .v = "self_attn.v_proj",
      .output = "self_attn.o_proj",
      .q_norm = "self_attn.q_norm",
      .k_norm = "self_attn.k_norm",
      .mlp_norm = "post_attention_layernorm",
      .gate = "mlp.gate_proj",
      .up = "mlp.up_proj",
      .down = "mlp.down_proj",
  };
  return load_gated_transformer(config, names, uploader);
}

}  // namespace unmask::model
