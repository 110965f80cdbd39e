// LLaDA (Nie et al. 2025, arXiv 2502.09992): a bidirectional transformer with RMSNorm, half-rotation RoPE and
// SwiGLU. Row i predicts token i. Also LLaDA-1.5 and models trained in its format.
#include <array>

#include <fmt/format.h>

#include "model/blocks.h"

namespace unmask::model {

namespace {

struct Layer {
  AttentionWeights attention;
  MlpWeights mlp;
};

class Llada final : public Network {
 public:
  Llada(const ModelConfig& c, Uploader& upload)
      : embedding_(upload.matrix("model.transformer.wte.weight", c.vocabulary, c.hidden)),
        attention_{{c.heads, c.kv_heads, c.head_dim},
                   upload.rope_table(c.positions, c.head_dim, c.rope_theta),
                   static_cast<float>(c.norm_eps)} {
    for (uint32_t i = 0; i < c.layers; ++i) layers_.push_back(load_layer(c, i, upload));
    final_norm_ = upload.vector("model.transformer.ln_f.weight", c.hidden);
    head_ = c.tie_embeddings ? embedding_
                             : upload.matrix("model.transformer.ff_out.weight", c.vocabulary, c.hidden);
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
    const auto name = [&](const char* tensor) {
      return fmt::format("model.transformer.blocks.{}.{}.weight", index, tensor);
    };
    const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
    Layer layer;
    layer.attention.norm = upload.vector(name("attn_norm"), c.hidden);
    layer.attention.qkv = upload.matrix(std::array{name("q_proj"), name("k_proj"), name("v_proj")},
                                        std::array{q, kv, kv}, c.hidden);
    layer.attention.output = upload.matrix(name("attn_out"), c.hidden, q);
    layer.mlp.norm = upload.vector(name("ff_norm"), c.hidden);
    layer.mlp.gate_up = upload.matrix(std::array{name("ff_proj"), name("up_proj")},
                                      std::array{uint64_t{c.ffn}, uint64_t{c.ffn}}, c.hidden);
    layer.mlp.down = upload.matrix(name("ff_out"), c.hidden, c.ffn);
    return layer;
  }

  tensor::Weight embedding_, head_;
  RotaryAttention attention_;
  std::vector<Layer> layers_;
  graph::Slice final_norm_;
};

}  // namespace

std::unique_ptr<Network> load_llada(const ModelConfig& config, Uploader& uploader) {
  return std::make_unique<Llada>(config, uploader);
}

}  // namespace unmask::model
