// LLaDA-MoE (Zhu et al. 2025, arXiv 2509.24389): a bidirectional transformer with RMSNorm, half-rotation RoPE
// and a norm on each query and key head, whose feed-forward layers are mixtures of experts. The router's
// weights are a softmax over all experts, not renormalised over the chosen. Row i predicts token i.
#include "model/gated_transformer.h"

namespace unmask::model {

std::unique_ptr<Network> load_llada_moe(const ModelConfig& config, Uploader& uploader) {
  require_experts(config);
  return load_gated_transformer(config, {}, uploader);
}

}  // namespace unmask::model
