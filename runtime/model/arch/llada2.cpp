// LLaDA2.0 (Bie et al. 2025, arXiv 2512.15745) and LLaDA2.1 (arXiv 2602.08676): RMSNorm, a norm on each query
// and key head, RoPE of the first part of each head, grouped heads. The first layers have a gated MLP, the
// others a mixture of experts beside an MLP that serves all rows. The router's scores are sigmoids; a bias
// takes part in the choice, which is from the best groups of experts, but not in the weights. Attention is
// causal between blocks; row i predicts token i.
#include "model/gated_transformer.h"

namespace unmask::model {

std::unique_ptr<Network> load_llada2(const ModelConfig& config, Uploader& uploader) {
  static constexpr GatedTransformerNames names = {
      .embedding = "model.word_embeddings",
      .qkv = "attention.query_key_value",
      .q_norm = "attention.query_layernorm",
      .k_norm = "attention.key_layernorm",
      .output = "attention.dense",
  };
  require_experts(config);
  return load_gated_transformer(config, names, uploader);
}

}  // namespace unmask::model
