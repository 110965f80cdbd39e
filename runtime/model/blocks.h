// The building blocks that architectures share. An architecture's file spells its forward pass in calls to
// these.
#pragma once

#include "model/network.h"

namespace unmask::model {

struct AttentionWeights {
  graph::Slice norm;            // [hidden]
  graph::Slice norm_bias;       // [hidden], of LayerNorm; empty: RMSNorm
  tensor::Weight qkv;           // [(heads + 2 kv_heads) head_dim, hidden]: q, k and v stacked
  graph::Slice qkv_bias;        // [(heads + 2 kv_heads) head_dim]; empty: none
  graph::Slice q_norm, k_norm;  // [head_dim]; empty: none
  tensor::Weight output;        // [hidden, heads head_dim]
};

struct MlpWeights {
  graph::Slice norm;       // [hidden]
  tensor::Weight gate_up;  // [2 ffn, hidden]: gate and up stacked
  tensor::Weight down;     // [hidden, ffn]
};

struct GeluMlpWeights {
  graph::Slice norm, norm_bias;  // [hidden], of LayerNorm
  tensor::Weight up;             // [ffn, hidden]
  graph::Slice up_bias;          // [ffn]
  tensor::Weight down;           // [hidden, ffn]
  graph::Slice down_bias;        // [hidden]
};

struct MoeWeights {
  graph::Slice norm;         // [hidden]
  tensor::Weight router;     // [experts, hidden]
  graph::Slice router_bias;  // [experts], for the choice alone; empty: none
  tensor::Weight gate, up;   // [experts * expert_ffn, hidden]: one expert after the other
  tensor::Weight down;       // [experts * hidden, expert_ffn]
  MlpWeights shared;         // an MLP for all rows, whose norm is not used; its matrices are empty: none
};

struct RotaryAttention {
  tensor::HeadShape shape;
  graph::Slice rope_table;
  float norm_eps;
};

// x [R, hidden] = embeddings of the tokens in the rows' slots.
tensor::Matrix embed(const Forward& f, const tensor::Weight& table);

// x += Wo attention(rope(q), rope(k), v) with [q k v] = Wqkv n + bias, n = norm(x), and q and k normed
// per head where there are weights for it. Keys and values go to the cache of `layer`.
void attention(const Forward& f, uint32_t layer, const RotaryAttention& a, const AttentionWeights& w,
               const tensor::Matrix& x);

// x += Wdown(silu(Wgate n) * Wup n), n = rms_norm(x) (Shazeer 2020, SwiGLU).
void gated_mlp(const Forward& f, uint32_t layer, float norm_eps, const MlpWeights& w,
               const tensor::Matrix& x);

// x += Wdown gelu(Wup n + bup) + bdown, n = layer_norm(x).
void gelu_mlp(const Forward& f, uint32_t layer, float norm_eps, const GeluMlpWeights& w,
              const tensor::Matrix& x);

// x += sum_e weight_e expert_e(n) + shared(n), n = rms_norm(x), over the experts that the router chooses for
// each row; an expert is a gated MLP (Shazeer et al. 2017, arXiv 1701.06538).
void mixture_of_experts(const Forward& f, uint32_t layer, float norm_eps, const tensor::Routing& routing,
                        const MoeWeights& w, const tensor::Matrix& x);

}  // namespace unmask::model
