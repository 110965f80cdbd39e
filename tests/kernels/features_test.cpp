// The kernels of layers that compute only some of their rows: value_change, select_rows, compact_rows,
// add_features; and those that choose keys: mean_queries, key_scores.
#include "kernels/add_features.h"
#include "kernels/compact_rows.h"
#include "kernels/harness.h"
#include "kernels/key_scores.h"
#include "kernels/mean_queries.h"
#include "kernels/select_rows.h"
#include "kernels/value_change.h"
#include "tensor/layouts.h"

namespace unmask::kernels {
namespace {

using tensor::none;
using tensor::Selection;

const std::vector<tensor::Row> row_list = {
    {0, 4, 6, 0}, {0, 5, 0, 0}, {0, 0, none, 0}, {1, 0, 3, 1}, {1, 1, 5, 0}};

TEST(ValueChange, IsHalfTheSquaredDistanceOfDirections) {
  for (const uint32_t dim : {1u, 12u, 131u}) {
    Inputs in(dim);
    std::vector<float> v = in.numbers(5 * dim), values = in.numbers(7 * dim);
    std::fill_n(values.begin() + 5 * dim, dim, 0.0f);  // row 4 had no value yet
    for (uint32_t i = 0; i < dim; ++i) v[i] = 3 * values[6 * dim + i] + 1e-3f * v[i];  // row 0 hardly turns
    const auto d =
        graph::dispatch<value_change>(value_change::kernel(),
                                      {in.buffer(v), in.buffer(row_list), in.buffer(values),
                                       in.garbage_floats(5), in.buffer(std::vector<uint32_t>{1, 2, 3, 4, 5})},
                                      {.rows = 5, .dim = dim}, {}, {5}, "value change");
    expect_close(d, "change", 1e-6);
  }
}

Selection selection(uint32_t begin, uint32_t count, uint32_t kept, uint32_t list_begin) {
  return {.scores_begin = begin,
          .count = count,
          .kept = kept,
          .list_begin = list_begin,
          .value_begin = begin,
          .gap_begin = none,
          .gap = 0,
          .first_row = 0,
          .pool = 0,
          .reserved0 = 0,
          .reserved1 = 0,
          .reserved2 = 0};
}

void expect_same_index(const std::vector<float>& scores, const std::vector<Selection>& selections,
                       size_t list) {
  Inputs in(3);
  const auto count = static_cast<uint32_t>(selections.size());
  expect_close(graph::dispatch<select_rows>(
                   select_rows::kernel(),
                   {in.buffer(scores), in.buffer(selections), in.buffer(std::vector<uint32_t>(list, none))},
                   {.selections = count}, {}, {count}, "select rows"),
               "index", 0);
}

TEST(SelectRows, KeepsTheLargestOfEachSelection) {
  Inputs in(5);
  const std::vector<float> scores = in.numbers(1500, -2, 2);
  expect_same_index(scores,
                    {selection(0, 700, 175, 2), selection(700, 1, 1, 180), selection(710, 9, 0, 181),
                     selection(720, 5, 5, 181), selection(733, 767, 300, 190)},
                    500);
}

TEST(SelectRows, TiesGoToTheFirst) {
  Inputs in(6);
  std::vector<float> scores(400);
  for (float& s : scores) s = static_cast<float>(in.index(5)) - 2;
  scores[7] = -0.0f;
  for (const uint32_t kept : {1u, 90u, 250u, 399u})
    expect_same_index(scores, {selection(3, 390, kept, 0)}, 400);
}

TEST(SelectRows, WhatIsNoNumberComesLast) {
  const std::vector<float> scores = {NAN, -INFINITY, 1, NAN, INFINITY, -3, 0};
  for (const uint32_t kept : {1u, 4u, 5u}) expect_same_index(scores, {selection(0, 7, kept, 0)}, 7);
}

TEST(SelectRows, PoolsNeighboursAndLeavesAGap) {
  Inputs in(8);
  Selection s = selection(2, 140, 61, 1);
  s.value_begin = 1000, s.gap_begin = 50, s.gap = 32;
  for (const uint32_t pool : {1u, 3u}) {
    s.pool = pool;
    expect_same_index(in.numbers(150), {s}, 70);
  }
}

// Two blocks, of 5 and of 3 rows, in a pass of 9.
std::vector<Selection> blocks() {
  Selection first = selection(0, 20, 7, 0), second = selection(20, 11, 3, 7);
  first.value_begin = 0, first.gap_begin = 8, first.gap = 5, first.first_row = 1;
  second.value_begin = 32, second.gap_begin = 2, second.gap = 3, second.first_row = 6;
  return {first, second};
}

TEST(MeanQueries, AddsTheHeadsThatShareAKey) {
  for (const auto& [heads, kv_heads] : {std::pair{6u, 2u}, std::pair{3u, 3u}}) {
    Inputs in(heads);
    const auto d = graph::dispatch<mean_queries>(
        mean_queries::kernel(),
        {in.buffer(in.numbers(9 * heads * 22)), in.buffer(blocks()), in.garbage_floats(2 * kv_heads * 22)},
        {.selections = 2, .heads = heads, .kv_heads = kv_heads, .head_dim = 22}, {}, {2}, "mean queries");
    expect_close(d, "mean", 1e-6);
  }
}

TEST(KeyScores, SkipTheBlock) {
  Inputs in(12);
  const uint32_t dim = 131;
  const auto d = graph::dispatch<key_scores>(key_scores::kernel(),
                                             {in.buffer(in.numbers(2 * dim)), in.buffer(in.numbers(46 * dim)),
                                              in.buffer(blocks()), in.garbage_floats(31)},
                                             {.selections = 2, .dim = dim}, {}, {20, 2}, "key scores");
  expect_close(d, "scores", 1e-6);
}

TEST(CompactRows, ListsRowsAndRemembersTheirPlace) {
  Inputs in(9);
  std::vector<uint32_t> index(70, none);
  index[0] = 4, index[1] = 0, index[65] = 3;
  const std::vector<tensor::KeyRanges> ranges = {
      {1, 2, 3, 4}, {0, 9, 0, 0}, {0, 0, 0, 0}, {5, 6, 7, 8}, {2, 7, 0, 0}};
  const auto d = graph::dispatch<compact_rows>(
      compact_rows::kernel(),
      {in.buffer(index), in.buffer(row_list), in.buffer(ranges), in.garbage(70 * sizeof(tensor::Row)),
       in.garbage(70 * sizeof(tensor::KeyRanges)), in.buffer(std::vector<uint32_t>(5, none))},
      {.count = 70}, {}, {2}, "compact rows");
  expect_close(d, "place", 0);
}

TEST(AddFeatures, AddsWhatWasComputedAndElseWhatWasKept) {
  for (const uint32_t all_computed : {0u, 1u}) {
    Inputs in(10);
    const uint32_t dim = 77;
    const auto d =
        graph::dispatch<add_features>(add_features::kernel(),
                                      {in.buffer(in.numbers(5 * dim)), in.buffer(row_list),
                                       in.buffer(std::vector<uint32_t>{2, none, none, none, 0}),
                                       in.buffer(in.numbers(7 * dim)), in.buffer(in.numbers(5 * dim))},
                                      {.rows = 5, .dim = dim}, {all_computed}, {5}, "add features");
    expect_close(d, "x", 0);
  }
}

}  // namespace
}  // namespace unmask::kernels
