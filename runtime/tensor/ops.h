// The operations of a forward pass. Each chooses a kernel variant and appends its dispatches to a recording.
// Shapes are in brackets; R = rows of the pass, C = candidates (rows whose logits are asked for).
#pragma once

#include "graph/backend.h"
#include "tensor/experts.h"
#include "tensor/head.h"
#include "tensor/matmul.h"
#include "tensor/tensor.h"
#include "tensor/weight.h"

namespace unmask::tensor {

struct HeadShape {
  uint32_t heads, kv_heads, head_dim;
  uint32_t rotary_dim = 0;  // the first elements of a head, which turn with its position; 0: all do
  uint32_t query_columns() const { return heads * head_dim; }
  uint32_t kv_columns() const { return kv_heads * head_dim; }
};

class Ops {
 public:
  Ops(const graph::Traits& traits, graph::Recording& recording) : traits_(traits), recording_(recording) {}

  const graph::Traits& traits() const { return traits_; }

  // tokens[slot] = token for `count` tensor::TokenWrites.
  void write_tokens(const graph::Slice& writes, uint32_t count, const graph::Slice& tokens);

  // x [R, d] = table[tokens[row.slot]]; tokens are u32 per slot, rows are tensor::Row.
  void embed(const Weight& table, const graph::Slice& tokens, const graph::Slice& rows, const Matrix& x);

  // y [n, d] = x / rms(x) * weight. `extent` says whether n counts rows or logit rows.
  void rms_norm(const Matrix& x, const graph::Slice& weight, float eps, const Matrix& y,
                graph::Extent extent = graph::Extent::rows);

  // y [n, d] = (x - mean(x)) / deviation(x) * weight + bias: LayerNorm. With an empty bias, RMSNorm.
  void norm(const Matrix& x, const graph::Slice& weight, const graph::Slice& bias, float eps, const Matrix& y,
            graph::Extent extent = graph::Extent::rows);

  // y [n, outputs] = x [n, inputs] w^T, or += with `accumulate`.
  void matmul(const Matrix& x, const Weight& w, const Matrix& y, bool accumulate, const char* label,
              graph::Extent extent = graph::Extent::rows);

  // y [n, d] += bias [d].
  void add_bias(const graph::Slice& bias, const Matrix& y);

  // RMSNorm of each query and key head of qkv [R, (heads + 2 kv_heads) head_dim], in place; weights
  // [head_dim].
  void head_norm(const Matrix& qkv, const graph::Slice& q_weight, const graph::Slice& k_weight, float eps,
                 HeadShape shape);

  // Until the next call, what grows with the rows of the pass grows with those that a layer selected of them.
  void count_selected(bool on) { selected_ = on; }

  // Splits qkv [R, (heads + 2 kv_heads) head_dim]; rotates q and k; writes q [R, heads head_dim], and k and v
  // into the cache rows `slot` of keys and values [slots, kv_heads head_dim]. table: (cos, sin) [positions,
  // rotary_dim / 2]. Without `stores_values` the columns of v are not read, and the cache keeps its own.
  void rope_store(const Matrix& qkv, const graph::Slice& rows, const graph::Slice& table, HeadShape shape,
                  const Matrix& q, const graph::Slice& keys, const graph::Slice& values,
                  bool stores_values = true);

  // out [R, heads head_dim]: softmax(q k^T / sqrt(head_dim)) v over the slots of each row's KeyRanges.
  // `slots` is the capacity of the cache, an upper bound of the keys of a row.
  void attention(const Matrix& q, const graph::Slice& keys, const graph::Slice& values,
                 const graph::Slice& ranges, HeadShape shape, uint32_t slots, const Matrix& out);

  // y [n, ffn] = silu(gate) * up of gate_up [n, 2 ffn]; `each` of the n belong to one row of the pass.
  void silu_gate(const Matrix& gate_up, const Matrix& y, uint32_t each = 1);

  // y [R, d] = gelu(y + bias [d]) in its tanh form, in place.
  void gelu_bias(const graph::Slice& bias, const Matrix& y);

  // y [n, d] = x[index[i]]; `none` gives zeros. `each` of the n belong to one unit of the extent.
  void gather_rows(const Matrix& x, const graph::Slice& index, const Matrix& y,
                   graph::Extent extent = graph::Extent::rows, uint32_t each = 1);

  // y[index[i]] = x[i] for x [n, d]; `none` goes nowhere.
  void scatter_rows(const Matrix& x, const graph::Slice& index, const graph::Slice& y, const char* label,
                    graph::Extent extent);

  // change [R] f32: how far the values v [R, d] are from those in the cache rows of `rows`, which they
  // replace. place [R] u32 becomes `none` for rows that are compared.
  void value_change(const Matrix& v, const graph::Slice& rows, const graph::Slice& values,
                    const graph::Slice& change, const graph::Slice& place);

  // index: of each of `count` tensor::Selections, what the largest scores stand for.
  void select_rows(const graph::Slice& scores, const graph::Slice& selections, uint32_t count,
                   const graph::Slice& index);

  // Rows and ranges [R] of `count` entries of index [n], and in place [R] where in the list each row stands.
  void compact_rows(const graph::Slice& index, uint32_t count, const graph::Slice& rows,
                    const graph::Slice& ranges, const graph::Slice& listed_rows,
                    const graph::Slice& listed_ranges, const graph::Slice& place);

  // mean [selections, kv_heads head_dim]: of the queries q [R, heads head_dim] of each selection's rows.
  void mean_queries(const Matrix& q, const graph::Slice& selections, HeadShape shape, const Matrix& mean);

  // scores: products of the mean queries [selections, d] with the keys [slots, d] that each selection is of,
  // at most `most` of one.
  void key_scores(const Matrix& mean, const graph::Slice& keys, const graph::Slice& selections, uint32_t most,
                  const graph::Slice& scores);

  // y[to[i]] = y[from[i]] for i < moved.rows, by way of moved [n, d]. What is `none` moves nothing.
  void move_rows(const graph::Slice& y, const graph::Slice& from, const graph::Slice& to,
                 const Matrix& moved);

  // x [R, d] += y[place], which features [slots, d] keep for each row's slot; rows without a place add what
  // was kept. With all_computed, y is [R, d] and place is not read.
  void add_features(const Matrix& y, const graph::Slice& rows, const graph::Slice& place, bool all_computed,
                    const graph::Slice& features, const Matrix& x);

  // The experts of each row and their weights, from logits [R, experts] and, for the choice alone, bias
  // [experts] (empty: none). Padding rows choose `none`.
  void route(const Matrix& logits, const graph::Slice& bias, const graph::Slice& rows, const Routing& routing,
             const ExpertChoices& choices);

  // Sorts the choices of R rows by expert, for products of experts on the same rows.
  void sort_choices(const Routing& routing, uint32_t rows, const ExpertChoices& choices);

  // y [R * chosen, y_offset + n] = each expert's share of x [R * chosen, inputs] times its weight, of stacked
  // experts [experts * outputs, inputs].
  void expert_matmul(const Routing& routing, uint32_t rows, const ExpertChoices& choices, const Matrix& x,
                     const Weight& w, const Matrix& y, uint32_t y_offset, const char* label);

  // y [R, d] = (accumulate? y : 0) + the weighted sum of each row's experts, x [R * chosen, d].
  void expert_sum(const Routing& routing, const ExpertChoices& choices, const Matrix& x, const Matrix& y,
                  bool accumulate);

  // y [C, d] = c + g (c - u) with each candidate's guidance scale g (Ho and Salimans 2022), of conditional
  // rows c [C, d] and `other`: unconditional rows u, or differences c - u.
  void guidance(const Matrix& conditional, const Matrix& other, bool other_is_difference,
                const graph::Slice& candidates, const graph::Slice& sequences, const Matrix& y);

  // y[index[i]] = a[i] - b[i], of a, b [n, d] and y [any, d]; what is `none` goes nowhere.
  void store_differences(const Matrix& a, const Matrix& b, const graph::Slice& index, const Matrix& y);

  // stats [C] TokenStats of the distributions of x [C, d] over the vocabulary; logits never leave the chip.
  void head(const Matrix& x, const Weight& w, const graph::Slice& candidates, const graph::Slice& sequences,
            bool noise, const graph::Slice& partials, const graph::Slice& stats);

  // Replaces the tokens in stats [C] by samples under each sequence's top-k and top-p; logits [rows,
  // vocabulary] are those of candidates first_row and on.
  void filtered_sample(const Matrix& logits, uint32_t first_row, const graph::Slice& candidates,
                       const graph::Slice& sequences, const graph::Slice& stats);

  // verdicts [judged]: what the target says of drafted tokens. Target [n, vocabulary] has the logits of
  // judged `first` and on, draft [kept rows, vocabulary] those that `draft_row` of a judged names; empty:
  // none does.
  void compare_distributions(const Matrix& target, uint32_t first, const graph::Slice& draft,
                             const graph::Slice& judged, const graph::Slice& sequences,
                             const graph::Slice& verdicts);

  // Commits the best candidates of each sequence to `tokens`; see layouts.h for what it reports in `results`.
  void select_commit(uint32_t sequence_count, uint32_t result_stride_bytes, const graph::Slice& sequences,
                     const graph::Slice& candidates, const graph::Slice& stats, const graph::Slice& tokens,
                     const graph::Slice& confidence, const graph::Slice& results);

 private:
  void append(graph::Dispatch d, graph::Extent extent, uint64_t units);

  const graph::Traits& traits_;
  graph::Recording& recording_;
  bool selected_ = false;
};

}  // namespace unmask::tensor
