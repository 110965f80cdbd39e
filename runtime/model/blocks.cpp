#include "model/blocks.h"

#include <algorithm>

namespace unmask::model {

using tensor::Matrix;

Matrix embed(const Forward& f, const tensor::Weight& table) {
  const Matrix x = f.workspace.x.first(f.rows);
  f.ops.embed(table, f.tokens, f.plan.rows, x);
  return x;
}

void attention(const Forward& f, uint32_t layer, const RotaryAttention& a, const AttentionWeights& w,
               const Matrix& x) {
  const Matrix n = f.workspace.normed.first(f.rows);
  const Matrix qkv = f.workspace.qkv.first(f.rows);
  const Matrix q = f.workspace.q.first(f.rows);
  const Matrix mixed = f.workspace.mixed.first(f.rows);
  const graph::Slice &keys = f.kv.keys[layer], &values = f.kv.values[layer];
  f.ops.norm(x, w.norm, w.norm_bias, a.norm_eps, n);
  f.ops.matmul(n, w.qkv, qkv, false, "qkv");
  if (w.qkv_bias.buffer) f.ops.add_bias(w.qkv_bias, qkv);
  if (w.q_norm.buffer) f.ops.head_norm(qkv, w.q_norm, w.k_norm, a.norm_eps, a.shape);
  f.ops.rope_store(qkv, f.plan.rows, a.rope_table, a.shape, q, keys, values);
  f.ops.attention(q, keys, values, f.plan.ranges, a.shape, f.kv.slots, mixed);
  f.ops.matmul(mixed, w.output, x, true, "attention output");
}

namespace {

// Calls piece(begin, count) for as many rows at a time as the workspace has room for the widest activation.
template <typename Piece>
void in_chunks(const Forward& f, Piece piece) {
  const uint32_t chunk = f.workspace.activated.rows;
  for (uint32_t begin = 0; begin < f.rows; begin += chunk) piece(begin, std::min(chunk, f.rows - begin));
}

}  // namespace

void gated_mlp(const Forward& f, float norm_eps, const MlpWeights& w, const Matrix& x) {
  const Matrix n = f.workspace.normed.first(f.rows);
  f.ops.rms_norm(x, w.norm, norm_eps, n);
  in_chunks(f, [&](uint32_t begin, uint32_t count) {
    const Matrix gate_up = f.workspace.gate_up.first(count);
    const Matrix activated = f.workspace.activated.first(count);
    f.ops.matmul(n.range(begin, count), w.gate_up, gate_up, false, "gate and up");
    f.ops.silu_gate(gate_up, activated);
    f.ops.matmul(activated, w.down, x.range(begin, count), true, "down");
  });
}

void gelu_mlp(const Forward& f, float norm_eps, const GeluMlpWeights& w, const Matrix& x) {
  const Matrix n = f.workspace.normed.first(f.rows);
  f.ops.norm(x, w.norm, w.norm_bias, norm_eps, n);
  in_chunks(f, [&](uint32_t begin, uint32_t count) {
    const Matrix activated = f.workspace.activated.first(count);
    f.ops.matmul(n.range(begin, count), w.up, activated, false, "up");
    f.ops.gelu_bias(w.up_bias, activated);
    f.ops.matmul(activated, w.down, x.range(begin, count), true, "down");
  });
  f.ops.add_bias(w.down_bias, x);
}

}  // namespace unmask::model
