#include "model/gated_transformer.h"

#include <array>
#include <variant>

#include <fmt/format.h>

#include "base/error.h"
#include "model/blocks.h"

namespace unmask::model {

namespace {

struct GatedLayer {
  AttentionWeights attention;
  std::variant<MlpWeights, MoeWeights> mlp;
};

// The router of DeepSeek-V3 (arXiv 2412.19437, section 2.1.2) where its scores are sigmoids.
tensor::Routing routing_of(const ModelConfig& c) {
  return {.experts = c.experts,
          .chosen = c.experts_chosen,
          .groups = c.expert_groups,
          .kept_groups = c.expert_groups_kept,
          .sigmoid = c.sigmoid_router,
          .normalised = c.sigmoid_router && c.experts_chosen > 1,
          .scale = static_cast<float>(c.expert_scale)};
}

// Loads the tensors of one layer.
class LayerLoader {
 public:
  LayerLoader(const ModelConfig& config, const GatedTransformerNames& names, uint32_t index, Uploader& upload)
      : c_(config), n_(names), prefix_(fmt::format(fmt::runtime(names.layer), index)), upload_(upload) {}

  AttentionWeights attention() const {
    const uint64_t q = uint64_t{c_.heads} * c_.head_dim, kv = uint64_t{c_.kv_heads} * c_.head_dim;
    const std::array widths = {q, kv, kv};
    AttentionWeights a;
    a.norm = upload_.vector(weight(n_.attention_norm), c_.hidden);
    a.qkv = n_.qkv != nullptr
                ? upload_.matrix(weight(n_.qkv), q + 2 * kv, c_.hidden)
                : upload_.matrix(std::array{weight(n_.q), weight(n_.k), weight(n_.v)}, widths, c_.hidden);
    if (c_.qkv_bias) a.qkv_bias = upload_.vector(std::array{bias(n_.q), bias(n_.k), bias(n_.v)}, widths);
    if (c_.qk_norm) {
      a.q_norm = upload_.vector(weight(n_.q_norm), c_.head_dim);
      a.k_norm = upload_.vector(weight(n_.k_norm), c_.head_dim);
    }
    a.output = upload_.matrix(weight(n_.output), c_.hidden, q);
    return a;
  }

  MlpWeights mlp() const {
    MlpWeights w = gated(n_.gate, n_.up, n_.down, c_.ffn);
    w.norm = upload_.vector(weight(n_.mlp_norm), c_.hidden);
    return w;
  }

  MoeWeights experts() const {
    MoeWeights w;
    w.norm = upload_.vector(weight(n_.mlp_norm), c_.hidden);
    w.router = upload_.matrix(weight("mlp.gate"), c_.experts, c_.hidden);
    if (c_.sigmoid_router) w.router_bias = upload_.vector(prefix_ + ".mlp.gate.expert_bias", c_.experts);
    w.gate = stacked("gate_proj", c_.expert_ffn, c_.hidden);
    w.up = stacked("up_proj", c_.expert_ffn, c_.hidden);
    w.down = stacked("down_proj", c_.hidden, c_.expert_ffn);
    if (c_.shared_experts > 0) {
      w.shared = gated("mlp.shared_experts.gate_proj", "mlp.shared_experts.up_proj",
                       "mlp.shared_experts.down_proj", c_.shared_experts * c_.expert_ffn);
    }
    return w;
  }

 private:
  std::string weight(const char* tensor) const { return fmt::format("{}.{}.weight", prefix_, tensor); }
  std::string bias(const char* tensor) const { return fmt::format("{}.{}.bias", prefix_, tensor); }

  MlpWeights gated(const char* gate, const char* up, const char* down, uint32_t ffn) const {
    return {.norm = {},
            .gate_up = upload_.matrix(std::array{weight(gate), weight(up)},
                                      std::array{uint64_t{ffn}, uint64_t{ffn}}, c_.hidden),
            .down = upload_.matrix(weight(down), c_.hidden, ffn)};
  }

  // All experts' matrices [outputs, inputs], one after the other.
  tensor::Weight stacked(const char* projection, uint32_t outputs, uint32_t inputs) const {
    std::vector<std::string> names;
    for (uint32_t e = 0; e < c_.experts; ++e)
      names.push_back(fmt::format("{}.mlp.experts.{}.{}.weight", prefix_, e, projection));
    return upload_.matrix(names, std::vector<uint64_t>(c_.experts, outputs), inputs, outputs);
  }

  const ModelConfig& c_;
  const GatedTransformerNames& n_;
  std::string prefix_;
  Uploader& upload_;
};

class GatedTransformer final : public Network {
 public:
  GatedTransformer(const ModelConfig& c, const GatedTransformerNames& n, Uploader& upload)
      : embedding_(upload.matrix(fmt::format("{}.weight", n.embedding), c.vocabulary, c.hidden)),
        attention_{{c.heads, c.kv_heads, c.head_dim, c.rotary_dim},
                   upload.rope_table(c.positions, c.rotary_dim, c.rope_theta),
                   static_cast<float>(c.norm_eps)},
        routing_(routing_of(c)) {
    for (uint32_t i = 0; i < c.layers; ++i) {
      const LayerLoader load(c, n, i, upload);
      layers_.push_back({load.attention(), {}});
      if (c.has_experts(i)) {
        layers_.back().mlp = load.experts();
      } else {
        layers_.back().mlp = load.mlp();
      }
    }
    final_norm_ = upload.vector(fmt::format("{}.weight", n.final_norm), c.hidden);
    head_ = c.tie_embeddings ? embedding_
                             : upload.matrix(fmt::format("{}.weight", n.head), c.vocabulary, c.hidden);
  }

  tensor::Matrix record(const Forward& f) const override {
    tensor::Matrix x = embed(f, embedding_);
    for (uint32_t i = 0; i < layers_.size(); ++i) {
      attention(f, i, attention_, layers_[i].attention, x);
      if (const auto* experts = std::get_if<MoeWeights>(&layers_[i].mlp)) {
        mixture_of_experts(f, i, attention_.norm_eps, routing_, *experts, x);
      } else {
        gated_mlp(f, i, attention_.norm_eps, std::get<MlpWeights>(layers_[i].mlp), x);
      }
    }
    return x;
  }

  const graph::Slice& final_norm() const override { return final_norm_; }
  const tensor::Weight& head() const override { return head_; }

 private:
  tensor::Weight embedding_, head_;
  RotaryAttention attention_;
  tensor::Routing routing_;
  std::vector<GatedLayer> layers_;
  graph::Slice final_norm_;
};

}  // namespace

void require_experts(const ModelConfig& c) {
  require(c.experts > 0, Status::unsupported,
          "The architecture {} has experts, but this model's shape names none; its weights must come from a "
          "folder with a config.json.",
          c.architecture);
}

std::unique_ptr<Network> load_gated_transformer(const ModelConfig& config, const GatedTransformerNames& names,
                                                Uploader& uploader) {
  return std::make_unique<GatedTransformer>(config, names, uploader);
}

}  // namespace unmask::model
