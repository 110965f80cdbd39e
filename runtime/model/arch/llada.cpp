// LLaDA (Nie et al. 2025, arXiv 2502.09992): a bidirectional transformer with RMSNorm, half-rotation RoPE and
// SwiGLU. Row i predicts token i. Also LLaDA-1.5 and models trained in its format.
#include "model/gated_transformer.h"

namespace unmask::model {

std::unique_ptr<Network> load_llada(const ModelConfig& config, Uploader& uploader) {
  static constexpr GatedTransformerNames names = {
      .embedding = "model.transformer.wte",
      .final_norm = "model.transformer.ln_f",
      .head = "model.transformer.ff_out",
      .layer = "model.transformer.blocks.{}",
      .attention_norm = "attn_norm",
      .q = "q_proj",
      .k = "k_proj",
      .v = "v_proj",
      .output = "attn_out",
      .mlp_norm = "ff_norm",
      .gate = "ff_proj",
      .up = "up_proj",
      .down = "ff_out",
  };
  return load_gated_transformer(config, names, uploader);
}

}  // namespace unmask::model
