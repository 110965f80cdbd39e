#include "tensor/ops.h"

#include <cassert>
#include <cmath>

#include "kernels/add_bias.h"
#include "kernels/add_features.h"
#include "kernels/attention.h"
#include "kernels/attention_broadcast.h"
#include "kernels/compact_rows.h"
#include "kernels/compare_distributions.h"
#include "kernels/embed.h"
#include "kernels/expert_rows.h"
#include "kernels/expert_sum.h"
#include "kernels/filtered_sample.h"
#include "kernels/gather_rows.h"
#include "kernels/gelu_bias.h"
#include "kernels/guidance.h"
#include "kernels/head_norm.h"
#include "kernels/key_scores.h"
#include "kernels/layernorm.h"
#include "kernels/mean_queries.h"
#include "kernels/rmsnorm.h"
#include "kernels/rope_store.h"
#include "kernels/route.h"
#include "kernels/scatter_rows.h"
#include "kernels/select_commit.h"
#include "kernels/select_rows.h"
#include "kernels/silu_gate.h"
#include "kernels/store_differences.h"
#include "kernels/value_change.h"
#include "kernels/write_tokens.h"
#include "tensor/layouts.h"
#include "tensor/variant.h"

namespace unmask::tensor {

using graph::dispatch;
using graph::Extent;
using graph::Grid;
using graph::Slice;
using graph::Work;

namespace {

// Work of an operation on single elements: `flops` and 4-byte accesses per element.
Work elementwise(uint64_t elements, uint64_t flops, uint64_t accesses) {
  return {elements * flops, elements * flops, elements * accesses * sizeof(float)};
}

constexpr uint32_t attention_rows = 32;  // of a workgroup, in both attention kernels

// Software drivers run a subgroup as one vector and pay for loads and barriers: there a subgroup loads each
// key once.
bool hands_round(const graph::Traits& t) {
  return t.device_class == graph::DeviceClass::software &&
         has(t.requirements, graph::Requirement::subgroup_broadcast) &&
         (t.subgroup_size == 4 || t.subgroup_size == 8 || t.subgroup_size == 16);
}

struct AttentionCall {
  const Slice &q, &keys, &values, &ranges, &y;
  uint32_t rows;
  HeadShape shape;
  Work work;
};

template <typename K>
graph::Dispatch attend(const AttentionCall& c, const typename K::Constants& constants) {
  const float scale = 1.0f / std::sqrt(static_cast<float>(c.shape.head_dim));
  return dispatch<K>(
      K::kernel(), {c.q, c.keys, c.values, c.ranges, c.y}, {c.rows, c.shape.heads, c.shape.kv_heads, scale},
      constants, Grid{(c.rows + attention_rows - 1) / attention_rows, c.shape.heads}, "attention", c.work);
}

uint64_t area(const Matrix& m) { return uint64_t{m.rows} * m.columns; }

}  // namespace

void Ops::append(graph::Dispatch d, Extent extent, uint64_t units) {
  if (selected_ && extent == Extent::rows) extent = Extent::selected_rows;
  if (selected_ && extent == Extent::row_keys) extent = Extent::selected_row_keys;
  d.extent = extent;
  d.units = units;
  recording_.append(std::move(d));
}

void Ops::write_tokens(const Slice& writes, uint32_t count, const Slice& tokens) {
  using K = kernels::write_tokens;
  append(dispatch<K>(K::kernel(), {writes, tokens}, {count}, {}, Grid{(count + 63) / 64}, "write tokens"),
         Extent::fixed, 1);
}

void Ops::embed(const Weight& table, const Slice& tokens, const Slice& rows, const Matrix& x) {
  using K = kernels::embed;
  for (const Weight::Piece& piece : table.pieces) {
    append(dispatch<K>(K::kernel(variant_of<K>(piece.dtype)), {tokens, rows, piece.slice, x.slice},
                       {x.rows, x.columns, piece.first_output, piece.outputs}, {}, Grid{x.rows}, "embedding",
                       elementwise(area(x), 0, 2)),
           Extent::rows, x.rows);
  }
}

void Ops::rms_norm(const Matrix& x, const Slice& weight, float eps, const Matrix& y, Extent extent) {
  using K = kernels::rmsnorm;
  append(dispatch<K>(K::kernel(), {x.slice, weight, y.slice}, {x.rows, x.columns, eps}, {}, Grid{x.rows},
                     "norm", elementwise(area(x), 4, 2)),
         extent, x.rows);
}

void Ops::norm(const Matrix& x, const Slice& weight, const Slice& bias, float eps, const Matrix& y,
               Extent extent) {
  using K = kernels::layernorm;
  if (bias.buffer == nullptr) return rms_norm(x, weight, eps, y, extent);
  append(dispatch<K>(K::kernel(), {x.slice, weight, bias, y.slice}, {x.rows, x.columns, eps}, {},
                     Grid{x.rows}, "norm", elementwise(area(x), 7, 2)),
         extent, x.rows);
}

void Ops::matmul(const Matrix& x, const Weight& w, const Matrix& y, bool accumulate, const char* label,
                 Extent extent) {
  const Matmul product = {.x = x.slice,
                          .rows = x.rows,
                          .x_stride = x.columns,
                          .weight = w,
                          .y = y.slice,
                          .y_stride = y.columns,
                          .accumulate = accumulate,
                          .label = label};
  for (graph::Dispatch& d : tensor::matmul(traits_, product)) append(std::move(d), extent, x.rows);
}

void Ops::add_bias(const Slice& bias, const Matrix& y) {
  using K = kernels::add_bias;
  append(dispatch<K>(K::kernel(), {bias, y.slice}, {y.rows, y.columns}, {},
                     Grid{(y.columns + 63) / 64, y.rows}, "bias", elementwise(area(y), 1, 2)),
         Extent::rows, y.rows);
}

void Ops::head_norm(const Matrix& qkv, const Slice& q_weight, const Slice& k_weight, float eps,
                    HeadShape shape) {
  using K = kernels::head_norm;
  append(dispatch<K>(K::kernel(), {q_weight, k_weight, qkv.slice},
                     {qkv.rows, shape.heads, shape.kv_heads, shape.head_dim, eps}, {},
                     Grid{shape.heads + shape.kv_heads, qkv.rows}, "head norm", elementwise(area(qkv), 4, 2)),
         Extent::rows, qkv.rows);
}

void Ops::rope_store(const Matrix& qkv, const Slice& rows, const Slice& table, HeadShape shape,
                     const Matrix& q, const Slice& keys, const Slice& values, bool stores_values) {
  using K = kernels::rope_store;
  append(
      dispatch<K>(K::kernel(), {qkv.slice, rows, table, q.slice, keys, values},
                  {qkv.rows, shape.heads, shape.kv_heads, shape.head_dim,
                   shape.rotary_dim != 0 ? shape.rotary_dim : shape.head_dim},
                  {stores_values ? 1u : 0u}, Grid{qkv.rows}, "rope and store", elementwise(area(qkv), 3, 2)),
      Extent::rows, qkv.rows);
}

void Ops::attention(const Matrix& q, const Slice& keys, const Slice& values, const Slice& ranges,
                    HeadShape shape, uint32_t slots, const Matrix& out) {
  const uint64_t pairs = uint64_t{q.rows} * slots;
  const uint64_t flops = pairs * 4 * shape.query_columns();
  const uint64_t bytes = (area(q) * 2 + uint64_t{slots} * shape.kv_columns() * 2) * sizeof(float);
  const AttentionCall call{q.slice, keys, values, ranges, out.slice, q.rows, shape, {flops, flops, bytes}};
  append(hands_round(traits_)
             ? attend<kernels::attention_broadcast>(call, {shape.head_dim, traits_.subgroup_size})
             : attend<kernels::attention>(call, {shape.head_dim}),
         Extent::row_keys, pairs);
}

void Ops::silu_gate(const Matrix& gate_up, const Matrix& y, uint32_t each) {
  using K = kernels::silu_gate;
  append(dispatch<K>(K::kernel(), {gate_up.slice, y.slice}, {y.rows, y.columns}, {},
                     Grid{(y.columns + 63) / 64, y.rows}, "silu gate", elementwise(area(y), 4, 3)),
         Extent::rows, y.rows / each);
}

void Ops::gelu_bias(const Slice& bias, const Matrix& y) {
  using K = kernels::gelu_bias;
  append(dispatch<K>(K::kernel(), {bias, y.slice}, {y.rows, y.columns}, {},
                     Grid{(y.columns + 63) / 64, y.rows}, "gelu", elementwise(area(y), 10, 2)),
         Extent::rows, y.rows);
}

void Ops::gather_rows(const Matrix& x, const Slice& index, const Matrix& y, Extent extent, uint32_t each) {
  using K = kernels::gather_rows;
  append(dispatch<K>(K::kernel(), {x.slice, index, y.slice}, {y.rows, y.columns}, {}, Grid{y.rows}, "gather",
                     elementwise(area(y), 0, 2)),
         extent, y.rows / each);
}

void Ops::value_change(const Matrix& v, const Slice& rows, const Slice& values, const Slice& change,
                       const Slice& place) {
  using K = kernels::value_change;
  append(dispatch<K>(K::kernel(), {v.slice, rows, values, change, place}, {v.rows, v.columns}, {},
                     Grid{v.rows}, "value change", elementwise(area(v), 7, 4)),
         Extent::rows, v.rows);
}

void Ops::select_rows(const Slice& scores, const Slice& selections, uint32_t count, const Slice& index) {
  using K = kernels::select_rows;
  append(dispatch<K>(K::kernel(), {scores, selections, index}, {count}, {}, Grid{count}, "select rows"),
         Extent::fixed, 1);
}

void Ops::compact_rows(const Slice& index, uint32_t count, const Slice& rows, const Slice& ranges,
                       const Slice& listed_rows, const Slice& listed_ranges, const Slice& place) {
  using K = kernels::compact_rows;
  append(dispatch<K>(K::kernel(), {index, rows, ranges, listed_rows, listed_ranges, place}, {count}, {},
                     Grid{(count + 63) / 64}, "compact rows"),
         Extent::fixed, 1);
}

void Ops::mean_queries(const Matrix& q, const Slice& selections, HeadShape shape, const Matrix& mean) {
  using K = kernels::mean_queries;
  append(dispatch<K>(K::kernel(), {q.slice, selections, mean.slice},
                     {mean.rows, shape.heads, shape.kv_heads, shape.head_dim}, {}, Grid{mean.rows},
                     "mean queries"),
         Extent::fixed, 1);
}

void Ops::key_scores(const Matrix& mean, const Slice& keys, const Slice& selections, uint32_t most,
                     const Slice& scores) {
  using K = kernels::key_scores;
  append(dispatch<K>(K::kernel(), {mean.slice, keys, selections, scores}, {mean.rows, mean.columns}, {},
                     Grid{most, mean.rows}, "key scores",
                     elementwise(uint64_t{most} * mean.rows * mean.columns, 2, 1)),
         Extent::fixed, 1);
}

void Ops::move_rows(const Slice& y, const Slice& from, const Slice& to, const Matrix& moved) {
  const Work work = elementwise(area(moved), 0, 2);
  append(dispatch<kernels::gather_rows>(kernels::gather_rows::kernel(), {y, from, moved.slice},
                                        {moved.rows, moved.columns}, {}, Grid{moved.rows}, "move rows", work),
         Extent::fixed, 1);
  scatter_rows(moved, to, y, "move rows", Extent::fixed);
}

void Ops::scatter_rows(const Matrix& x, const Slice& index, const Slice& y, const char* label,
                       Extent extent) {
  using K = kernels::scatter_rows;
  append(dispatch<K>(K::kernel(), {x.slice, index, y}, {x.rows, x.columns}, {}, Grid{x.rows}, label,
                     elementwise(area(x), 0, 2)),
         extent, extent == Extent::fixed ? 1 : x.rows);
}

void Ops::add_features(const Matrix& y, const Slice& rows, const Slice& place, bool all_computed,
                       const Slice& features, const Matrix& x) {
  using K = kernels::add_features;
  append(dispatch<K>(K::kernel(), {y.slice, rows, place, features, x.slice}, {x.rows, x.columns},
                     {all_computed ? 1u : 0u}, Grid{x.rows}, "add features", elementwise(area(x), 1, 4)),
         Extent::rows, x.rows);
}

void Ops::route(const Matrix& logits, const Slice& bias, const Slice& rows, const Routing& r,
                const ExpertChoices& choices) {
  using K = kernels::route;
  const bool biased = bias.buffer != nullptr;
  // Something must be bound for the bias that is not read.
  append(dispatch<K>(K::kernel(),
                     {logits.slice, biased ? bias : logits.slice, rows, choices.experts, choices.weights},
                     {logits.rows, r.experts, r.chosen, r.groups, r.kept_groups, r.scale},
                     {r.sigmoid ? 1u : 0u, biased ? 1u : 0u, r.normalised ? 1u : 0u}, Grid{logits.rows},
                     "route", elementwise(area(logits), 4, 1)),
         Extent::rows, logits.rows);
}

void Ops::sort_choices(const Routing& r, uint32_t rows, const ExpertChoices& choices) {
  using K = kernels::expert_rows;
  const uint32_t tile_rows = expert_tile(traits_, r, rows).rows();
  const uint32_t count = rows * r.chosen;
  append(dispatch<K>(K::kernel(), {choices.experts, choices.places, choices.sources, choices.tiles},
                     {count, r.chosen, r.experts, tile_rows, most_expert_tiles(count, r.experts, tile_rows)},
                     {}, Grid{}, "sort choices", elementwise(count, 0, 3)),
         Extent::rows, rows);
}

void Ops::expert_matmul(const Routing& r, uint32_t rows, const ExpertChoices& choices, const Matrix& x,
                        const Weight& w, const Matrix& y, uint32_t y_offset, const char* label) {
  const ExpertMatmul product = {.x = x.slice,
                                .choices = rows * r.chosen,
                                .experts = r.experts,
                                .weight = w,
                                .tiles = choices.tiles,
                                .y = y.slice,
                                .y_stride = y.columns,
                                .y_offset = y_offset,
                                .label = label};
  for (graph::Dispatch& d : tensor::expert_matmul(expert_tile(traits_, r, rows), product))
    append(std::move(d), Extent::rows, rows);
}

void Ops::expert_sum(const Routing& r, const ExpertChoices& choices, const Matrix& x, const Matrix& y,
                     bool accumulate) {
  using K = kernels::expert_sum;
  append(
      dispatch<K>(K::kernel(), {x.slice, choices.places, choices.weights, y.slice},
                  {y.rows, y.columns, r.chosen}, {accumulate ? 1u : 0u}, Grid{(y.columns + 63) / 64, y.rows},
                  "sum of experts", elementwise(area(y), uint64_t{2} * r.chosen, uint64_t{r.chosen} + 2)),
      Extent::rows, y.rows);
}

void Ops::guidance(const Matrix& conditional, const Matrix& other, bool other_is_difference,
                   const Slice& candidates, const Slice& sequences, const Matrix& y) {
  using K = kernels::guidance;
  append(dispatch<K>(K::kernel(), {conditional.slice, other.slice, candidates, sequences, y.slice},
                     {y.rows, y.columns}, {other_is_difference ? 1u : 0u}, Grid{y.rows}, "guidance",
                     elementwise(area(y), 3, 3)),
         Extent::logit_rows, y.rows);
}

void Ops::store_differences(const Matrix& a, const Matrix& b, const Slice& index, const Matrix& y) {
  using K = kernels::store_differences;
  append(dispatch<K>(K::kernel(), {a.slice, b.slice, index, y.slice}, {a.rows, a.columns}, {}, Grid{a.rows},
                     "guidance", elementwise(area(a), 1, 3)),
         Extent::guided_rows, a.rows);
}

void Ops::head(const Matrix& x, const Weight& w, const Slice& candidates, const Slice& sequences, bool noise,
               const Slice& partials, const Slice& stats) {
  const Head h = {.x = x.slice,
                  .rows = x.rows,
                  .weight = w,
                  .candidates = candidates,
                  .sequences = sequences,
                  .partials = partials,
                  .stats = stats,
                  .noise = noise};
  for (graph::Dispatch& d : tensor::head(traits_, h)) append(std::move(d), Extent::logit_rows, x.rows);
}

void Ops::filtered_sample(const Matrix& logits, uint32_t first_row, const Slice& candidates,
                          const Slice& sequences, const Slice& stats) {
  using K = kernels::filtered_sample;
  append(dispatch<K>(K::kernel(), {logits.slice, candidates, sequences, stats},
                     {first_row, logits.rows, logits.columns}, {}, Grid{logits.rows}, "filtered sample",
                     elementwise(area(logits), 0, 1)),
         Extent::logit_rows, logits.rows);
}

void Ops::compare_distributions(const Matrix& target, uint32_t first, const Slice& draft, const Slice& judged,
                                const Slice& sequences, const Slice& verdicts) {
  using K = kernels::compare_distributions;
  const bool drafted = draft.buffer != nullptr;
  // Something must be bound for the draft that is not read.
  append(dispatch<K>(K::kernel(), {target.slice, drafted ? draft : target.slice, judged, sequences, verdicts},
                     {first, target.rows, target.columns}, {}, Grid{target.rows}, "compare distributions",
                     elementwise(area(target), 0, drafted ? 2 : 1)),
         Extent::judged_rows, target.rows);
}

void Ops::select_commit(uint32_t sequence_count, uint32_t result_stride_bytes, const Slice& sequences,
                        const Slice& candidates, const Slice& stats, const Slice& tokens,
                        const Slice& confidence, const Slice& results) {
  using K = kernels::select_commit;
  append(dispatch<K>(K::kernel(), {sequences, candidates, stats, tokens, confidence, results},
                     {result_stride_bytes / 4}, {}, Grid{sequence_count}, "select and commit"),
         Extent::fixed, 1);
}

}  // namespace unmask::tensor
