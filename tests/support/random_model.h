// Folders of small models with random weights, whose rows are blocks of every weight format.
#pragma once

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "support/safetensors_writer.h"

namespace unmask::tests {

// Matrices are normal with deviation 1 / sqrt(inputs), vectors are ones.
class RandomTensorsWriter {
 public:
  void add(const std::string& name, const std::vector<uint64_t>& shape) {
    const bool matrix = shape.size() == 2;
    FloatTensor tensor{shape, std::vector<float>(shape[0] * (matrix ? shape[1] : 1), 1.0f)};
    std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(shape.back())));
    if (matrix)
      for (float& v : tensor.values) v = normal(engine_);
    tensors_.emplace(name + ".weight", std::move(tensor));
  }

  void write(const std::filesystem::path& folder, DType dtype, const std::string& config) const {
    std::ofstream(folder / "model.safetensors", std::ios::binary) << safetensors_of(tensors_, dtype);
    std::ofstream(folder / "config.json") << config;
  }

 private:
  std::minstd_rand engine_{3};
  std::map<std::string, FloatTensor> tensors_;
};

// Two query heads share a head of keys; gate and up together have more rows than a piece of a split tensor.
inline void write_random_llada(const std::filesystem::path& folder, DType dtype = DType::f32) {
  constexpr uint64_t hidden = 256, kv = 128, ffn = 768, vocabulary = 2100;
  RandomTensorsWriter tensors;
  const std::string model = "model.transformer.", layer = model + "blocks.0.";
  tensors.add(model + "wte", {vocabulary, hidden});
  tensors.add(model + "ln_f", {hidden});
  tensors.add(layer + "attn_norm", {hidden});
  tensors.add(layer + "ff_norm", {hidden});
  tensors.add(layer + "q_proj", {hidden, hidden});
  tensors.add(layer + "k_proj", {kv, hidden});
  tensors.add(layer + "v_proj", {kv, hidden});
  tensors.add(layer + "attn_out", {hidden, hidden});
  tensors.add(layer + "ff_proj", {ffn, hidden});
  tensors.add(layer + "up_proj", {ffn, hidden});
  tensors.add(layer + "ff_out", {hidden, ffn});
  tensors.add(model + "ff_out", {vocabulary, hidden});
  tensors.write(folder, dtype, R"({"model_type": "llada", "d_model": 256, "n_heads": 8, "n_kv_heads": 4,
    "n_layers": 1, "mlp_hidden_size": 768, "vocab_size": 2100, "embedding_size": 2100,
    "max_sequence_length": 64, "rope": true, "rope_theta": 10000.0, "block_type": "llama",
    "activation_type": "silu", "layer_norm_type": "rms", "rms_norm_eps": 1e-5, "include_bias": false,
    "mask_token_id": 130, "eos_token_id": 129})");
}

// All experts' gates together have more rows than a piece of a split tensor.
inline void write_random_llada_moe(const std::filesystem::path& folder, DType dtype = DType::f32) {
  constexpr uint64_t hidden = 256, head = 64, kv = 128, experts = 5, ffn = 256, vocabulary = 2100;
  RandomTensorsWriter tensors;
  const std::string layer = "model.layers.0.";
  tensors.add("model.embed_tokens", {vocabulary, hidden});
  tensors.add("model.norm", {hidden});
  tensors.add(layer + "input_layernorm", {hidden});
  tensors.add(layer + "post_attention_layernorm", {hidden});
  tensors.add(layer + "self_attn.q_norm", {head});
  tensors.add(layer + "self_attn.k_norm", {head});
  tensors.add(layer + "self_attn.q_proj", {hidden, hidden});
  tensors.add(layer + "self_attn.k_proj", {kv, hidden});
  tensors.add(layer + "self_attn.v_proj", {kv, hidden});
  tensors.add(layer + "self_attn.o_proj", {hidden, hidden});
  tensors.add(layer + "mlp.gate", {experts, hidden});
  for (uint64_t e = 0; e < experts; ++e) {
    const std::string expert = layer + "mlp.experts." + std::to_string(e);
    tensors.add(expert + ".gate_proj", {ffn, hidden});
    tensors.add(expert + ".up_proj", {ffn, hidden});
    tensors.add(expert + ".down_proj", {hidden, ffn});
  }
  tensors.add("lm_head", {vocabulary, hidden});
  tensors.write(folder, dtype, R"({"architectures": ["LLaDAMoEModelLM"], "model_type": "llada",
    "hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2, "expert_intermediate_size": 256,
    "num_hidden_layers": 1, "num_experts": 5, "num_experts_per_tok": 2, "vocab_size": 2100,
    "max_position_embeddings": 64, "rope_theta": 50000, "rms_norm_eps": 1e-5, "mask_token_id": 130,
    "eos_token_id": 129})");
}

}  // namespace unmask::tests
