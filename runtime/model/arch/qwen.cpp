// Diffusion models made from Qwen2.5 (Dream, arXiv 2508.15487; Fast-dLLM v2, arXiv 2509.26328) and Qwen3
// (SDAR, arXiv 2510.06303): RMSNorm, half-rotation RoPE, grouped heads, SwiGLU. Qwen2.5 has biases on
// queries, keys and values, Qwen3 a norm on each query and key head. Which rows see which keys, and whether
// logits are shifted, is the configuration's.
#include "model/gated_transformer.h"

namespace unmask::model {

std::unique_ptr<Network> load_qwen(const ModelConfig& config, Uploader& uploader) {
  return load_gated_transformer(config, {}, uploader);
}

}  // namespace unmask::model
