// What config.json says of a model, in the same words for every family.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace unmask::model {

// Plain values, checked against each other and against the limits of what can exist.
struct ModelConfig {
  std::string architecture;  // "llada"; the name of the file in model/arch

  uint32_t layers = 0;
  uint32_t hidden = 0;      // width of the residual stream
  uint32_t heads = 0;       // query heads
  uint32_t kv_heads = 0;    // key and value heads; divides heads
  uint32_t head_dim = 0;    // even
  uint32_t ffn = 0;         // inner width of the gated MLP
  uint32_t vocabulary = 0;  // rows of the embedding; at least the tokens of the tokenizer
  uint32_t positions = 0;   // longest sequence
  double rope_theta = 0;
  uint32_t rotary_dim = 0;  // elements of a head that rotate, the first ones; even
  double norm_eps = 0;
  uint32_t condition = 0;       // width of the time embedding that adaLN multiplies; 0: no adaLN
  bool tie_embeddings = false;  // the LM head is the embedding, transposed
  bool qkv_bias = false;        // queries, keys and values have a bias
  bool qk_norm = false;         // RMSNorm of each query and key head before its rotation
  bool shifted_logits = false;  // row i predicts token i + 1, as in the autoregressive model it was made from
  uint32_t block_length = 0;    // attention is causal between blocks of this many; 0: all see all

  // Mixtures of experts; none of it matters where there are no experts.
  uint32_t experts = 0;
  uint32_t experts_chosen = 0;      // per row
  uint32_t expert_ffn = 0;          // inner width of each
  uint32_t shared_experts = 0;      // of the same width, which serve every row
  uint32_t dense_layers = 0;        // the first layers, which have one gated MLP instead
  uint32_t expert_groups = 1;       // of consecutive experts; divides experts
  uint32_t expert_groups_kept = 1;  // from which a row's experts are chosen
  double expert_scale = 1;          // of the weights of the chosen
  bool sigmoid_router = false;      // scores are sigmoids, the choice is biased, the weights are normalised

  bool has_experts(uint32_t layer) const { return experts > 0 && layer >= dense_layers; }

  int32_t mask_token = 0;
  int32_t end_token = 0;  // -1: texts have no end. Fills the answer after its end
  int32_t pad_token = 0;  // end_token where the file does not say
  std::optional<int32_t> begin_token;
};

// Reads config.json of a Hugging Face folder. Throws not_found or io, bad_model where a value is missing or
// makes no sense, and unsupported where the file describes a model that this build cannot run.
ModelConfig read_config(const std::filesystem::path& folder);

// Whether the parts of a shape go together, and suit the kernels. Throws bad_model or unsupported; `where`
// begins the sentence.
void check_shape(const ModelConfig& config, const std::string& where);

}  // namespace unmask::model
