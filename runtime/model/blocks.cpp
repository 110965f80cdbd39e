#include "model/blocks.h"

#include <algorithm>
#include <cassert>

namespace unmask::model {

using tensor::Matrix;

namespace {

// The rows of one layer while its operations are recorded; their work is counted with them.
class LayerPass {
 public:
  LayerPass(const Forward& f, uint32_t index)
      : f_(f),
        index_(index),
        selector_(f.selector_of(index)),
        rows_(selector_ != nullptr ? selector_->rows() : LayerRows{f.plan.rows, f.plan.ranges, f.rows, {}}) {}

  const LayerRows& rows() const { return rows_; }
  uint32_t index() const { return index_; }
  bool selects() const { return rows_.index.buffer != nullptr; }
  bool compares_values() const { return selects() && selector_->compares_values(); }

  // Of x [R, hidden], the rows that the layer computes.
  Matrix of(const Matrix& x) const {
    if (!selects()) return x;
    Matrix selected = f_.workspace.selected.first(rows_.count);
    f_.ops.gather_rows(x, rows_.index, selected);
    return selected;
  }

  // Where the layer's additions to these rows go, and whether they are added there at once.
  Matrix sum(const Matrix& x) const { return adds() ? x : f_.workspace.selected.first(rows_.count); }
  bool adds() const { return selector_ == nullptr; }

  const RowSelector* selector() const { return selector_; }

 private:
  const Forward& f_;
  uint32_t index_;
  const RowSelector* selector_;
  LayerRows rows_;
};

// From here to the end of the scope, work grows with the rows that the layer computes.
class CountedAs {
 public:
  CountedAs(tensor::Ops& ops, const LayerPass& layer) : ops_(ops) { ops_.count_selected(layer.selects()); }
  ~CountedAs() { ops_.count_selected(false); }
  CountedAs(const CountedAs&) = delete;
  CountedAs& operator=(const CountedAs&) = delete;

 private:
  tensor::Ops& ops_;
};

}  // namespace

Matrix embed(const Forward& f, const tensor::Weight& table) {
  Matrix x = f.workspace.x.first(f.rows);
  f.ops.embed(table, f.tokens, f.plan.rows, x);
  return x;
}

namespace {

// The values of all rows n [R, hidden], for the selector to choose by.
void compare_values(const Forward& f, const LayerPass& layer, const RotaryAttention& a,
                    const AttentionWeights& w, const Matrix& n) {
  const uint32_t begin = a.shape.query_columns() + a.shape.kv_columns(), count = a.shape.kv_columns();
  const Matrix v = f.workspace.values.first(f.rows);
  f.ops.matmul(n, w.qkv.range(begin, count, f.ops.traits().storage_alignment), v, false, "values");
  if (w.qkv_bias.buffer) f.ops.add_bias(w.qkv_bias.sub(begin * sizeof(float), count * sizeof(float)), v);
  layer.selector()->before_qk(f.ops, layer.index(), v);
}

// The part of attention() that concerns the layer's own rows; n are all, normed.
void attend(const Forward& f, const LayerPass& layer, const RotaryAttention& a, const AttentionWeights& w,
            const Matrix& n, const Matrix& x) {
  const LayerRows& rows = layer.rows();
  const CountedAs counted(f.ops, layer);
  const Matrix qkv = f.workspace.qkv.first(rows.count);
  const Matrix q = f.workspace.q.first(rows.count);
  const Matrix mixed = f.workspace.mixed.first(rows.count);
  const graph::Slice &keys = f.kv.keys[layer.index()], &values = f.kv.values[layer.index()];
  const bool has_values = layer.compares_values();
  const uint32_t outputs = a.shape.query_columns() + (has_values ? 1 : 2) * a.shape.kv_columns();
  f.ops.matmul(layer.of(n), w.qkv.range(0, outputs, f.ops.traits().storage_alignment), qkv, false, "qkv");
  if (w.qkv_bias.buffer) f.ops.add_bias(w.qkv_bias, qkv);
  if (w.q_norm.buffer) f.ops.head_norm(qkv, w.q_norm, w.k_norm, a.norm_eps, a.shape);
  f.ops.rope_store(qkv, rows.rows, a.rope_table, a.shape, q, keys, values, !has_values);
  f.ops.attention(q, keys, values, rows.ranges, a.shape, f.kv.slots, mixed);
  if (f.key_selector != nullptr) f.key_selector->after_attention(f.ops, layer.index(), a.shape, q);
  f.ops.matmul(mixed, w.output, layer.sum(x), layer.adds(), "attention output");
}

}  // namespace

void attention(const Forward& f, uint32_t layer, const RotaryAttention& a, const AttentionWeights& w,
               const Matrix& x) {
  const LayerPass pass(f, layer);
  const Matrix n = f.workspace.normed.first(f.rows);
  f.ops.norm(x, w.norm, w.norm_bias, a.norm_eps, n);
  if (pass.compares_values()) compare_values(f, pass, a, w, n);
  attend(f, pass, a, w, n, x);
  if (pass.selector() != nullptr) pass.selector()->after_attention(f.ops, layer, pass.sum(x), x);
}

namespace {

// Rows that a feed-forward block computes at a time.
struct Part {
  Matrix n;           // [count, hidden] the rows, normed
  graph::Slice rows;  // tensor::Row [count]
  Matrix sum;         // [count, hidden] where its additions go
  bool adds;          // to what is there, or else in its place
};

// Calls compute(part) for at most `chunk` rows of the layer at a time.
template <typename Compute>
void feed_forward(const Forward& f, uint32_t index, const graph::Slice& norm, const graph::Slice& norm_bias,
                  float norm_eps, const Matrix& x, uint32_t chunk, Compute compute) {
  const LayerPass layer(f, index);
  const uint32_t rows = layer.rows().count;
  {
    const CountedAs counted(f.ops, layer);
    const Matrix n = f.workspace.normed.first(rows);
    f.ops.norm(layer.of(x), norm, norm_bias, norm_eps, n);
    for (uint32_t begin = 0; begin < rows; begin += chunk) {
      const uint32_t count = std::min(chunk, rows - begin);
      compute(Part{.n = n.range(begin, count),
                   .rows = layer.rows().rows.sub(begin * sizeof(tensor::Row), count * sizeof(tensor::Row)),
                   .sum = layer.sum(x).range(begin, count),
                   .adds = layer.adds()});
    }
  }
  if (layer.selector() != nullptr) layer.selector()->after_ffn(f.ops, index, layer.sum(x), x);
}

// The beginning of a buffer, as a matrix of another shape.
Matrix reshaped(const Matrix& m, uint32_t rows, uint32_t columns) {
  const uint64_t bytes = uint64_t{rows} * columns * sizeof(float);
  assert(bytes <= m.slice.size);
  return {m.slice.sub(0, bytes), rows, columns};
}

void compute_gated(const Forward& f, const MlpWeights& w, const Part& part) {
  const Matrix gate_up = reshaped(f.workspace.gate_up, part.n.rows, w.gate_up.outputs);
  const Matrix activated = reshaped(f.workspace.activated, part.n.rows, w.down.inputs);
  f.ops.matmul(part.n, w.gate_up, gate_up, false, "gate and up");
  f.ops.silu_gate(gate_up, activated);
  f.ops.matmul(activated, w.down, part.sum, part.adds, "down");
}

void compute_experts(const Forward& f, const tensor::Routing& routing, const MoeWeights& w,
                     const Part& part) {
  const ExpertWorkspace& space = f.workspace.experts;
  const uint32_t count = part.n.rows, places = count * routing.chosen;
  const Matrix logits = space.logits.first(count);
  const tensor::ExpertChoices choices = space.choices.first(count, routing.chosen);
  const Matrix gathered = space.x.first(places), gate_up = space.gate_up.first(places);
  const Matrix activated = space.activated.first(places);
  f.ops.matmul(part.n, w.router, logits, false, "router");
  f.ops.route(logits, w.router_bias, part.rows, routing, choices);
  f.ops.sort_choices(routing, count, choices);
  f.ops.gather_rows(part.n, choices.sources, gathered, graph::Extent::rows, routing.chosen);
  f.ops.expert_matmul(routing, count, choices, gathered, w.gate, gate_up, 0, "experts gate");
  f.ops.expert_matmul(routing, count, choices, gathered, w.up, gate_up, activated.columns, "experts up");
  f.ops.silu_gate(gate_up, activated, routing.chosen);
  f.ops.expert_matmul(routing, count, choices, activated, w.down, gathered, 0, "experts down");
  f.ops.expert_sum(routing, choices, gathered, part.sum, part.adds);
}

}  // namespace

void gated_mlp(const Forward& f, uint32_t layer, float norm_eps, const MlpWeights& w, const Matrix& x) {
  feed_forward(f, layer, w.norm, {}, norm_eps, x, f.workspace.activated.rows,
               [&](const Part& part) { compute_gated(f, w, part); });
}

void gelu_mlp(const Forward& f, uint32_t layer, float norm_eps, const GeluMlpWeights& w, const Matrix& x) {
  feed_forward(f, layer, w.norm, w.norm_bias, norm_eps, x, f.workspace.activated.rows, [&](const Part& part) {
    const Matrix activated = f.workspace.activated.first(part.n.rows);
    f.ops.matmul(part.n, w.up, activated, false, "up");
    f.ops.gelu_bias(w.up_bias, activated);
    f.ops.matmul(activated, w.down, part.sum, part.adds, "down");
    f.ops.add_bias(w.down_bias, part.sum);
  });
}

void mixture_of_experts(const Forward& f, uint32_t layer, float norm_eps, const tensor::Routing& routing,
                        const MoeWeights& w, const Matrix& x) {
  feed_forward(f, layer, w.norm, {}, norm_eps, x, f.workspace.experts.rows, [&](Part part) {
    if (w.shared.down.outputs > 0) {
      compute_gated(f, w.shared, part);
      part.adds = true;
    }
    compute_experts(f, routing, w, part);
  });
}

}  // namespace unmask::model
