#include "model/gated_transformer.h"

#include <array>

#include <fmt/format.h>

#include "model/blocks.h"

namespace unmask::model {

namespace {

struct Layer {
  AttentionWeights attention;
  MlpWeights mlp;
};

Layer load_layer(const ModelConfig& c, const GatedTransformerNames& n, uint32_t index, Uploader& upload) {
  const std::string prefix = fmt::format(fmt::runtime(n.layer), index);
  const auto weight = [&](const char* tensor) { return fmt::format("{}.{}.weight", prefix, tensor); };
  const auto bias = [&](const char* tensor) { return fmt::format("{}.{}.bias", prefix, tensor); };
  const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
  const std::array widths = {q, kv, kv};
  Layer layer;
  AttentionWeights& a = layer.attention;
  a.norm = upload.vector(weight(n.attention_norm), c.hidden);
  a.qkv = upload.matrix(std::array{weight(n.q), weight(n.k), weight(n.v)}, widths, c.hidden);
  if (c.qkv_bias) a.qkv_bias = upload.vector(std::array{bias(n.q), bias(n.k), bias(n.v)}, widths);
  if (c.qk_norm) {
    a.q_norm = upload.vector(weight(n.q_norm), c.head_dim);
    a.k_norm = upload.vector(weight(n.k_norm), c.head_dim);
  }
  a.output = upload.matrix(weight(n.output), c.hidden, q);
  layer.mlp.norm = upload.vector(weight(n.mlp_norm), c.hidden);
  layer.mlp.gate_up = upload.matrix(std::array{weight(n.gate), weight(n.up)},
                                    std::array{uint64_t{c.ffn}, uint64_t{c.ffn}}, c.hidden);
  layer.mlp.down = upload.matrix(weight(n.down), c.hidden, c.ffn);
  return layer;
}

class GatedTransformer final : public Network {
 public:
  GatedTransformer(const ModelConfig& c, const GatedTransformerNames& n, Uploader& upload)
      : embedding_(upload.matrix(fmt::format("{}.weight", n.embedding), c.vocabulary, c.hidden)),
        attention_{{c.heads, c.kv_heads, c.head_dim},
                   upload.rope_table(c.positions, c.head_dim, c.rope_theta),
                   static_cast<float>(c.norm_eps)} {
    for (uint32_t i = 0; i < c.layers; ++i) layers_.push_back(load_layer(c, n, i, upload));
    final_norm_ = upload.vector(fmt::format("{}.weight", n.final_norm), c.hidden);
    head_ = c.tie_embeddings ? embedding_
                             : upload.matrix(fmt::format("{}.weight", n.head), c.vocabulary, c.hidden);
  }

  tensor::Matrix record(const Forward& f) const override {
    const tensor::Matrix x = embed(f, embedding_);
    for (uint32_t i = 0; i < layers_.size(); ++i) {
      attention(f, i, attention_, layers_[i].attention, x);
      gated_mlp(f, i, attention_.norm_eps, layers_[i].mlp, x);
    }
    return x;
  }

  const graph::Slice& final_norm() const override { return final_norm_; }
  const tensor::Weight& head() const override { return head_; }

 private:
  tensor::Weight embedding_, head_;
  RotaryAttention attention_;
  std::vector<Layer> layers_;
  graph::Slice final_norm_;
};

}  // namespace

std::unique_ptr<Network> load_gated_transformer(const ModelConfig& config, const GatedTransformerNames& names,
                                                Uploader& uploader) {
  return std::make_unique<GatedTransformer>(config, names, uploader);
}

}  // namespace unmask::model
