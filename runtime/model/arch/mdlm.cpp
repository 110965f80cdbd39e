// MDLM (Sahoo et al. 2024, arXiv 2406.07524): a bidirectional transformer of DiT's kind (Peebles and Xie
// 2023) with LayerNorm, half-rotation RoPE and GELU. Row i predicts token i.
//
// adaLN modulates every layer by a condition, made from the noise level. MDLM is never told the noise level:
// it gets 0 in its place, so that the condition is one constant vector and every modulation a constant too.
// They are folded into the weights here, and what is left is a plain pre-norm transformer:
//   LN(x) w (1 + scale) + shift            -> a LayerNorm with weight w (1 + scale) and bias shift
//   x + gate (Wout a)                      -> x + (diag(gate) Wout) a
//   x + gate (W2 gelu(W1 h + b1) + b2)     -> x + (diag(gate) W2) gelu(W1 h + b1) + gate b2
#include <cmath>

#include <fmt/format.h>

#include "model/blocks.h"

namespace unmask::model {

namespace {

using Vector = std::vector<float>;

float silu(float v) { return v / (1 + std::exp(-v)); }

// y = W x + b.
Vector linear(Uploader& upload, const std::string& name, uint64_t outputs, const Vector& x) {
  const Vector w = upload.read(name + ".weight", std::array{outputs, uint64_t{x.size()}}).values;
  Vector y = upload.read(name + ".bias", std::array{outputs}).values;
  for (uint64_t o = 0; o < outputs; ++o) {
    double sum = y[o];
    for (size_t i = 0; i < x.size(); ++i) sum += double{w[o * x.size() + i]} * x[i];
    y[o] = static_cast<float>(sum);
  }
  return y;
}

// SiLU(W2 SiLU(W1 e + b1) + b2), e the sinusoidal embedding [cos | sin] of noise level 0.
Vector make_condition(Uploader& upload, const std::string& name, uint32_t width) {
  constexpr size_t frequencies = 128;
  Vector c(2 * frequencies, 0.0f);
  std::fill_n(c.begin(), frequencies, 1.0f);
  for (const char* layer : {".mlp.0", ".mlp.2"}) {
    c = linear(upload, name + layer, width, c);
    for (float& v : c) v = silu(v);
  }
  return c;
}

// One of the vectors [hidden] that a layer's adaLN gives, stacked in its output.
std::span<const float> part(const Vector& modulation, size_t index, uint32_t hidden) {
  return std::span(modulation).subspan(index * hidden, hidden);
}

graph::Slice scaled_norm(Uploader& upload, const std::string& name, std::span<const float> scale) {
  Vector w = upload.read(name, std::array{uint64_t{scale.size()}}).values;
  for (size_t i = 0; i < w.size(); ++i) w[i] *= 1 + scale[i];
  return upload.computed_vector(std::move(w), name.c_str());
}

graph::Slice shift_vector(Uploader& upload, std::span<const float> values) {
  return upload.computed_vector(Vector(values.begin(), values.end()), "shift");
}

tensor::Weight gated_matrix(Uploader& upload, const std::string& name, uint64_t inputs,
                            std::span<const float> gate) {
  HostTensor w = upload.read(name, std::array{uint64_t{gate.size()}, inputs});
  for (size_t i = 0; i < w.values.size(); ++i) w.values[i] *= gate[i / inputs];
  return upload.computed_matrix(w, gate.size(), inputs, name.c_str());
}

graph::Slice gated_vector(Uploader& upload, const std::string& name, std::span<const float> gate) {
  Vector v = upload.read(name, std::array{uint64_t{gate.size()}}).values;
  for (size_t i = 0; i < v.size(); ++i) v[i] *= gate[i];
  return upload.computed_vector(std::move(v), name.c_str());
}

struct MdlmLayer {
  AttentionWeights attention;
  GeluMlpWeights mlp;
};

class Mdlm final : public Network {
 public:
  Mdlm(const ModelConfig& c, Uploader& upload)
      : prefix_(upload.has("backbone.vocab_embed.embedding") ? "backbone." : ""),
        embedding_(upload.matrix(prefix_ + "vocab_embed.embedding", c.vocabulary, c.hidden)),
        attention_{{c.heads, c.kv_heads, c.head_dim},
                   upload.rope_table(c.positions, c.head_dim, c.rope_theta),
                   static_cast<float>(c.norm_eps)} {
    const Vector condition = make_condition(upload, prefix_ + "sigma_map", c.condition);
    for (uint32_t i = 0; i < c.layers; ++i) layers_.push_back(load_layer(c, i, condition, upload));
    load_head(c, condition, upload);
  }

  tensor::Matrix record(const Forward& f) const override {
    tensor::Matrix x = embed(f, embedding_);
    for (uint32_t i = 0; i < layers_.size(); ++i) {
      attention(f, i, attention_, layers_[i].attention, x);
      gelu_mlp(f, i, attention_.norm_eps, layers_[i].mlp, x);
    }
    return x;
  }

  const graph::Slice& final_norm() const override { return ones_; }
  graph::Slice final_norm_bias() const override { return ones_; }
  const tensor::Weight& head() const override { return head_; }

 private:
  MdlmLayer load_layer(const ModelConfig& c, uint32_t index, const Vector& condition,
                       Uploader& upload) const {
    const auto name = [&](const char* tensor) {
      return fmt::format("{}blocks.{}.{}", prefix_, index, tensor);
    };
    const Vector modulation = linear(upload, name("adaLN_modulation"), uint64_t{6} * c.hidden, condition);
    enum : uint8_t { attention_shift, attention_scale, attention_gate, mlp_shift, mlp_scale, mlp_gate };
    const auto of = [&](size_t which) { return part(modulation, which, c.hidden); };
    const uint64_t q = uint64_t{c.heads} * c.head_dim, kv = uint64_t{c.kv_heads} * c.head_dim;
    MdlmLayer layer;
    layer.attention.norm = scaled_norm(upload, name("norm1.weight"), of(attention_scale));
    layer.attention.norm_bias = shift_vector(upload, of(attention_shift));
    layer.attention.qkv = upload.matrix(name("attn_qkv.weight"), q + 2 * kv, c.hidden);
    layer.attention.output = gated_matrix(upload, name("attn_out.weight"), q, of(attention_gate));
    layer.mlp.norm = scaled_norm(upload, name("norm2.weight"), of(mlp_scale));
    layer.mlp.norm_bias = shift_vector(upload, of(mlp_shift));
    layer.mlp.up = upload.matrix(name("mlp.0.weight"), c.ffn, c.hidden);
    layer.mlp.up_bias = upload.vector(name("mlp.0.bias"), c.ffn);
    layer.mlp.down = gated_matrix(upload, name("mlp.2.weight"), c.ffn, of(mlp_gate));
    layer.mlp.down_bias = gated_vector(upload, name("mlp.2.bias"), of(mlp_gate));
    return layer;
  }

  // logits = W (n u + shift) + b, with u = w (1 + scale) and n the normalised row. The head multiplies rows
  // by a matrix and adds nothing, but the values of n sum to 0, so that the direction of ones is free to
  // carry a constant:
  //   logits = V (n + 1) with V = W diag(u), each row less its mean, plus (W shift + b) / hidden
  // for V 1 = W shift + b and V n = W diag(u) n. The final norm is then LayerNorm with weight and bias 1.
  void load_head(const ModelConfig& c, const Vector& condition, Uploader& upload) {
    const std::string layer = prefix_ + "output_layer.";
    const Vector modulation = linear(upload, layer + "adaLN_modulation", uint64_t{2} * c.hidden, condition);
    const auto shift = part(modulation, 0, c.hidden), scale = part(modulation, 1, c.hidden);
    const Vector norm = upload.read(layer + "norm_final.weight", std::array{uint64_t{c.hidden}}).values;
    const Vector bias = upload.read(layer + "linear.bias", std::array{uint64_t{c.vocabulary}}).values;
    HostTensor v =
        upload.read(layer + "linear.weight", std::array{uint64_t{c.vocabulary}, uint64_t{c.hidden}});
    for (uint32_t token = 0; token < c.vocabulary; ++token) {
      const std::span<float> row = std::span(v.values).subspan(uint64_t{token} * c.hidden, c.hidden);
      double constant = bias[token];
      for (uint32_t i = 0; i < c.hidden; ++i) {
        constant += double{row[i]} * shift[i];
        row[i] *= norm[i] * (1 + scale[i]);
        constant -= row[i];
      }
      for (float& value : row) value += static_cast<float>(constant / c.hidden);
    }
    head_ = upload.computed_matrix(v, c.vocabulary, c.hidden, "head");
    ones_ = upload.computed_vector(Vector(c.hidden, 1.0f), "final norm");
  }

  std::string prefix_;  // of the tensors' names: published checkpoints have one
  tensor::Weight embedding_, head_;
  RotaryAttention attention_;
  std::vector<MdlmLayer> layers_;
  graph::Slice ones_;  // [hidden]
};

}  // namespace

std::unique_ptr<Network> load_mdlm(const ModelConfig& config, Uploader& uploader) {
  return std::make_unique<Mdlm>(config, uploader);
}

}  // namespace unmask::model
