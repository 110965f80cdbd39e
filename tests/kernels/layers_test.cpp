// The kernels of a transformer block around its matrix products: norms, biases, rope_store, activations.
#include "kernels/add_bias.h"
#include "kernels/gelu_bias.h"
#include "kernels/harness.h"
#include "kernels/head_norm.h"
#include "kernels/layernorm.h"
#include "kernels/rmsnorm.h"
#include "kernels/rope_store.h"
#include "kernels/silu_gate.h"
#include "tensor/layouts.h"

namespace unmask::kernels {
namespace {

using tensor::none;

TEST(RmsNorm, HoldsOverMagnitudes) {
  for (const float magnitude : {1e-6f, 1.0f, 1e6f}) {
    for (const uint32_t dim : {1u, 8u, 264u, 1003u}) {
      Inputs in(dim);
      const auto x = in.buffer(in.numbers(3 * dim, -magnitude, magnitude));
      const auto w = in.buffer(in.numbers(dim, 0, 2));
      const auto d = graph::dispatch<rmsnorm>(rmsnorm::kernel(), {x, w, in.garbage_floats(3 * dim)},
                                              {.rows = 3, .dim = dim, .eps = 1e-5f}, {}, {3}, "norm");
      expect_close(d, "y", 1e-6);
    }
  }
}

TEST(RmsNorm, ZeroRowsStayZero) {
  const std::vector<float> zeros(9);
  const auto d = graph::dispatch<rmsnorm>(
      rmsnorm::kernel(), {Inputs::buffer(zeros), Inputs::buffer(zeros), Inputs::garbage_floats(9)},
      {.rows = 1, .dim = 9, .eps = 1e-5f}, {}, {1}, "norm");
  expect_close(d, "y", 0);
}

// Rows far from zero: a variance from the mean of squares would have no digit left.
TEST(LayerNorm, HoldsOverMagnitudesAndOffsets) {
  for (const auto& [magnitude, offset, tolerance] :
       {std::tuple{1e-6f, 0.0f, 1e-6}, {1.0f, 0.5f, 1e-6}, {1e6f, 0.0f, 1e-6}, {1.0f, 1000.0f, 2e-4}}) {
    for (const uint32_t dim : {8u, 264u, 1003u}) {
      Inputs in(dim);
      const auto x = in.buffer(in.numbers(3 * dim, offset - magnitude, offset + magnitude));
      const auto w = in.buffer(in.numbers(dim, 0, 2));
      const auto b = in.buffer(in.numbers(dim));
      const auto d = graph::dispatch<layernorm>(layernorm::kernel(), {x, w, b, in.garbage_floats(3 * dim)},
                                                {.rows = 3, .dim = dim, .eps = 1e-5f}, {}, {3}, "norm");
      expect_close(d, "y", tolerance);
    }
  }
}

TEST(LayerNorm, EqualValuesGiveTheBias) {
  const std::vector<float> sevens(9, 7);
  Inputs in(3);
  const auto d = graph::dispatch<layernorm>(
      layernorm::kernel(),
      {in.buffer(sevens), in.buffer(sevens), in.buffer(in.numbers(9)), in.garbage_floats(9)},
      {.rows = 1, .dim = 9, .eps = 1e-5f}, {}, {1}, "norm");
  expect_close(d, "y", 0);
}

TEST(AddBias, AddsToEveryRow) {
  Inputs in(7);
  const auto d = graph::dispatch<add_bias>(add_bias::kernel(),
                                           {in.buffer(in.numbers(131)), in.buffer(in.numbers(3 * 131))},
                                           {.rows = 3, .dim = 131}, {}, {3, 3}, "bias");
  expect_close(d, "y", 1e-7);
}

TEST(HeadNorm, NormsQueriesAndKeysAndLeavesValues) {
  for (const uint32_t head_dim : {16u, 22u, 128u}) {
    Inputs in(head_dim);
    const uint32_t rows = 3, heads = 6, kv_heads = 2;
    const auto d = graph::dispatch<head_norm>(
        head_norm::kernel(),
        {in.buffer(in.numbers(head_dim, 0, 2)), in.buffer(in.numbers(head_dim, 0, 2)),
         in.buffer(in.numbers(rows * (heads + 2 * kv_heads) * head_dim))},
        {.rows = rows, .heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .eps = 1e-6f}, {},
        {heads + kv_heads, rows}, "head norm");
    expect_close(d, "qkv", 1e-6);
  }
}

TEST(SiluGate, HoldsOverRowsAndExtremes) {
  Inputs in(5);
  std::vector<float> gate_up = in.numbers(3 * 2 * 137, -4, 4);
  gate_up[0] = -200, gate_up[1] = 200, gate_up[2] = -88.5f, gate_up[3] = -0.0f, gate_up[4] = -3e38f;
  const auto d =
      graph::dispatch<silu_gate>(silu_gate::kernel(), {in.buffer(gate_up), in.garbage_floats(3 * 137)},
                                 {.rows = 3, .ffn = 137}, {}, {3, 3}, "gate");
  expect_close(d, "y", 1e-6);
}

TEST(GeluBias, HoldsOverRowsAndExtremes) {
  Inputs in(8);
  const std::vector<float> extremes = {-200, 200, -9.5f, -0.0f, -3e38f, 3e38f, 9.5f};
  for (const auto& y : {in.numbers(3 * 137, -6, 6), extremes}) {
    const auto columns = static_cast<uint32_t>(y.size() == extremes.size() ? y.size() : 137);
    const auto rows = static_cast<uint32_t>(y.size() / columns);
    const auto d =
        graph::dispatch<gelu_bias>(gelu_bias::kernel(), {in.buffer(in.numbers(columns)), in.buffer(y)},
                                   {.rows = rows, .dim = columns}, {}, {3, rows}, "gelu");
    expect_close(d, "y", 1e-6);
  }
}

struct RopeCase {
  uint32_t heads, kv_heads, head_dim, rotary_dim;
};

class RopeStoreOf : public testing::TestWithParam<RopeCase> {};

TEST_P(RopeStoreOf, RotatesAndStores) {
  const auto [heads, kv_heads, head_dim, rotary_dim] = GetParam();
  const uint32_t rows = 5, positions = 11, slots = 13;
  Inputs in(6);
  std::vector<float> table;
  for (uint32_t i = 0; i < positions * rotary_dim / 2; ++i) {
    const float angle = in.number(-3, 3);
    table.insert(table.end(), {std::cos(angle), std::sin(angle)});
  }
  const std::vector<tensor::Row> row_list = {
      {0, 10, 12, 0}, {0, 3, 0, 0}, {0, none, none, 0}, {1, 0, 7, 0}, {1, 3, 8, 0}};
  const auto keys = in.garbage_floats(slots * kv_heads * head_dim);
  const auto values = in.garbage_floats(slots * kv_heads * head_dim);
  for (const uint32_t stores_values : {1u, 0u}) {
    const auto d = graph::dispatch<rope_store>(
        rope_store::kernel(),
        {in.buffer(in.numbers(rows * (heads + 2 * kv_heads) * head_dim)), in.buffer(row_list),
         in.buffer(table), in.garbage_floats(rows * heads * head_dim), keys, values},
        {.rows = rows, .heads = heads, .kv_heads = kv_heads, .head_dim = head_dim, .rotary_dim = rotary_dim},
        {stores_values}, {rows}, "rope");
    const Outcome outcome = run_both(d);
    EXPECT_LE(outcome.error("q"), 2e-7);
    EXPECT_LE(outcome.error("keys"), 2e-7);
    EXPECT_TRUE(outcome.same_elsewhere({"q", "keys"}));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, RopeStoreOf,
                         testing::Values(RopeCase{3, 3, 16, 16}, RopeCase{6, 2, 22, 22},
                                         RopeCase{4, 1, 24, 10}),
                         [](const auto& p) {
                           return fmt::format("{}of{}heads{}rotate{}", p.param.kv_heads, p.param.heads,
                                              p.param.head_dim, p.param.rotary_dim);
                         });

}  // namespace
}  // namespace unmask::kernels
