// The network that LLaDA and the models made from Qwen share: pre-norm layers of rotary attention and a gated
// MLP under RMSNorm. They differ in the names of their tensors and in what ModelConfig says.
#pragma once

#include <memory>

#include "model/network.h"

namespace unmask::model {

// Without their suffix ".weight" (and ".bias"). Those of a layer follow the layer's prefix and number.
struct GatedTransformerNames {
  const char *embedding, *final_norm, *head;
  const char* layer;  // "model.layers.{}"
  const char *attention_norm, *q, *k, *v, *output;
  const char *q_norm, *k_norm;  // where ModelConfig::qk_norm
  const char *mlp_norm, *gate, *up, *down;
};

std::unique_ptr<Network> load_gated_transformer(const ModelConfig& config, const GatedTransformerNames& names,
                                                Uploader& uploader);

}  // namespace unmask::model
