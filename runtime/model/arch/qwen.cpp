// Diffusion models made from Qwen2.5 (Dream, arXiv 2508.15487; Fast-dLLM v2, arXiv 2509.26328) and Qwen3
// (SDAR, arXiv 2510.06303): RMSNorm, half-rotation RoPE, grouped heads, SwiGLU. Qwen2.5 has biases on
// queries, keys and values, Qwen3 a norm on each query and key head. Which rows see which keys, and whether
// logits are shifted, is the configuration's.
#include <array>

#include <fmt/format.h>

#include "model/blocks.h"

namespace unmask::model {

namespace {

struct Layer {
  AttentionWeights attention;
  MlpWeights mlp;
};

class Qwen final : public Network {
 public:
  Qwen(const ModelConfig& c, Uploader& upload)
      : embedding_(upload.matrix("model.embed_tokens.weight", c.vocabulary, c.hidden)),
        attention_{{c.heads, c.kv_heads, c.head_dim},
                   upload.rope_table(c.positions, c.head_dim, c.rope_theta),
                   static_cast<float>(c.norm_eps)} {
    for (uint32_t i = 0; i < c.layers; ++i) layers_.push_back(load_layer(c, i, upload));
    final_norm_ = upload.vector("model.norm.weight", c.hidden);
    head_ = c.tie_embeddings ? embedding_ : upload.matrix("lm_head.weight", c.vocabulary, c.hidden);
  }

  tensor::Matrix record(const Forward& f) const override {
    const tensor::Matrix x = embed(f, embedding_);
    for (uint32_t i = 0; i < layers_.size(); ++i) {
      attention(f, i, attention_, layers_[i].attention, x);
      gated_mlp(f, attention_.norm_eps, layers_[i].mlp, x);
    }
    return x;
  }

  const graph::Slice& final_norm() const override { return final_norm_; }
  const tensor::Weight& head() const override { return head_; }

 private:
  static Layer load_layer(const ModelConfig& c, uint32_t index, Uploader& upload) {
    const auto name = [&](const char* tensor) { return fmt::format("model.layers.{}.{}", index, tensor); };
    const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
    const std::array widths = {q, kv, kv};
    Layer layer;
    AttentionWeights& a = layer.attention;
    a.norm = upload.vector(name("input_layernorm.weight"), c.hidden);
    a.qkv = upload.matrix(std::array{name("self_attn.q_proj.weight"), name("self_attn.k_proj.weight"),
                                     name("self_attn.v_proj.weight")},
                          widths, c.hidden);
    if (c.qkv_bias) {
      a.qkv_bias = upload.vector(std::array{name("self_attn.q_proj.bias"), name("self_attn.k_proj.bias"),
                                            name("self_attn.v_proj.bias")},
                                 widths);
    }
    if (c.qk_norm) {
      a.q_norm = upload.vector(name("self_attn.q_norm.weight"), c.head_dim);
      a.k_norm = upload.vector(name("self_attn.k_norm.weight"), c.head_dim);
    }
    a.output = upload.matrix(name("self_attn.o_proj.weight"), c.hidden, q);
    layer.mlp.norm = upload.vector(name("post_attention_layernorm.weight"), c.hidden);
    layer.mlp.gate_up = upload.matrix(std::array{name("mlp.gate_proj.weight"), name("mlp.up_proj.weight")},
                                      std::array{uint64_t{c.ffn}, uint64_t{c.ffn}}, c.hidden);
    layer.mlp.down = upload.matrix(name("mlp.down_proj.weight"), c.hidden, c.ffn);
    return layer;
  }

  tensor::Weight embedding_, head_;
  RotaryAttention attention_;
  std::vector<Layer> layers_;
  graph::Slice final_norm_;
};

}  // namespace

std::unique_ptr<Network> load_qwen(const ModelConfig& config, Uploader& uploader) {
  return std::make_unique<Qwen>(config, uploader);
}

}  // namespace unmask::model
