// The network that all architectures of rotary attention and gated MLPs under RMSNorm share: pre-norm layers
// whose feed-forward part is one gated MLP or a mixture of experts. They differ in the names of their tensors
// and in what ModelConfig says.
#pragma once

#include <memory>

#include "model/network.h"

namespace unmask::model {

// Without their suffix ".weight" (and ".bias"). Those of a layer follow the layer's prefix and number. The
// names here are those of most classes in Hugging Face transformers.
struct GatedTransformerNames {
  const char* embedding = "model.embed_tokens";
  const char* final_norm = "model.norm";
  const char* head = "lm_head";
  const char* layer = "model.layers.{}";
  const char* attention_norm = "input_layernorm";
  const char* qkv = nullptr;  // stacked in one tensor; null: there are three
  const char* q = "self_attn.q_proj";
  const char* k = "self_attn.k_proj";
  const char* v = "self_attn.v_proj";
  const char* q_norm = "self_attn.q_norm";  // where ModelConfig::qk_norm
  const char* k_norm = "self_attn.k_norm";
  const char* output = "self_attn.o_proj";
  const char* mlp_norm = "post_attention_layernorm";
  const char* gate = "mlp.gate_proj";  // of a layer without experts
  const char* up = "mlp.up_proj";
  const char* down = "mlp.down_proj";
};

// Throws unsupported for a configuration without experts.
void require_experts(const ModelConfig& config);

std::unique_ptr<Network> load_gated_transformer(const ModelConfig& config, const GatedTransformerNames& names,
                                                Uploader& uploader);

}  // namespace unmask::model
