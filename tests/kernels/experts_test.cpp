// Mixtures of experts: routing, sorting and the products of experts against their definitions, and that a
// row's result does not depend on the tile, on how the weight is split, or on the other rows.
#include "tensor/experts.h"

#include <numeric>

#include "kernels/expert_rows.h"
#include "kernels/expert_sum.h"
#include "kernels/products.h"
#include "kernels/route.h"
#include "tensor/layouts.h"
#include "tensor/ops.h"

namespace unmask::kernels {
namespace {

using tensor::none;
using tensor::Routing;
using tensor::Tile;

std::vector<tensor::Row> rows_with_padding(uint32_t rows, uint32_t padding) {
  std::vector<tensor::Row> list(rows, tensor::Row{0, 0, 1, 0});
  if (padding < rows) list[padding].slot = none;
  return list;
}

graph::Dispatch routing(const Routing& r, const graph::Slice& logits, const graph::Slice& bias,
                        const std::vector<tensor::Row>& rows) {
  const uint32_t count = static_cast<uint32_t>(rows.size());
  const auto choices = Inputs::garbage(uint64_t{4} * count * r.chosen);
  return graph::dispatch<route>(route::kernel(),
                                {logits, bias.buffer ? bias : logits, Inputs::buffer(rows), choices,
                                 Inputs::garbage_floats(size_t{count} * r.chosen)},
                                {count, r.experts, r.chosen, r.groups, r.kept_groups, r.scale},
                                {r.sigmoid ? 1u : 0u, bias.buffer ? 1u : 0u, r.normalised ? 1u : 0u}, {count},
                                "route");
}

class RouteOf : public testing::TestWithParam<Routing> {};

TEST_P(RouteOf, ChoosesAndWeighs) {
  const Routing& r = GetParam();
  Inputs in(r.experts);
  const uint32_t rows = 7;
  const auto logits = in.buffer(in.numbers(size_t{rows} * r.experts, -3, 3));
  const auto bias = r.sigmoid ? in.buffer(in.numbers(r.experts, -0.3f, 0.3f)) : graph::Slice{};
  const Outcome outcome = run_both(routing(r, logits, bias, rows_with_padding(rows, 4)));
  EXPECT_TRUE(outcome.same("experts"));
  EXPECT_LE(outcome.error("weights"), 2e-6);
  EXPECT_TRUE(outcome.same_elsewhere({"weights"}));
}

INSTANTIATE_TEST_SUITE_P(
    Routers, RouteOf,
    testing::Values(
        Routing{.experts = 5, .chosen = 1}, Routing{.experts = 64, .chosen = 8},
        Routing{.experts = 67, .chosen = 67u - 3},
        Routing{.experts = 9, .chosen = 2, .sigmoid = true, .normalised = true, .scale = 2.5f},
        Routing{
            .experts = 21, .chosen = 5, .groups = 7, .kept_groups = 3, .sigmoid = true, .normalised = true},
        Routing{.experts = 256,
                .chosen = 8,
                .groups = 8,
                .kept_groups = 4,
                .sigmoid = true,
                .normalised = true,
                .scale = 2.5f},
        Routing{.experts = 1024, .chosen = 64, .groups = 512, .kept_groups = 100}),
    [](const auto& p) {
      return fmt::format("{}of{}in{}groups", p.param.chosen, p.param.experts, p.param.groups);
    });

TEST(Route, BreaksTiesToTheLowerNumber) {
  // All groups and experts are equal: the first experts of the first groups.
  const Routing r = {.experts = 12, .chosen = 3, .groups = 4, .kept_groups = 2, .sigmoid = true};
  const Outcome outcome =
      run_both(routing(r, Inputs::buffer(std::vector<float>(2 * 12)), {}, rows_with_padding(2, 2)));
  EXPECT_EQ(outcome.values<uint32_t>("experts"), (std::vector<uint32_t>{0, 1, 2, 0, 1, 2}));
  EXPECT_TRUE(outcome.same("experts"));
}

TEST(Route, BiasDecidesTheChoiceButNotTheWeight) {
  const Routing r = {.experts = 3, .chosen = 1, .sigmoid = true};
  const auto bias = Inputs::buffer<float>({0, 1, 0});
  const Outcome outcome =
      run_both(routing(r, Inputs::buffer<float>({2, 0, 1}), bias, rows_with_padding(1, 1)));
  EXPECT_EQ(outcome.values<uint32_t>("experts").at(0), 1u);
  EXPECT_NEAR(outcome.values<float>("weights").at(0), 0.5f, 1e-6f);
}

TEST(Route, HoldsForLargeLogits) {
  const Routing r = {.experts = 4, .chosen = 2};
  const Outcome outcome =
      run_both(routing(r, Inputs::buffer<float>({-200, 300, 290, -3e38f}), {}, rows_with_padding(1, 1)));
  EXPECT_TRUE(outcome.same("experts"));
  EXPECT_LE(outcome.error("weights"), 2e-6);
}

struct SortCase {
  uint32_t rows, chosen, experts, tile_rows;
};

// The choices of a router: experts of a row differ; every fifth row is padding.
std::vector<uint32_t> random_choices(Inputs& in, const SortCase& c) {
  std::vector<uint32_t> choices, numbers(c.experts);
  std::iota(numbers.begin(), numbers.end(), 0u);
  for (uint32_t r = 0; r < c.rows; ++r) {
    for (uint32_t j = 0; j < c.chosen; ++j) {
      std::swap(numbers[j], numbers[j + in.index(c.experts - j)]);
      choices.push_back(r % 5 == 4 ? none : numbers[j]);
    }
  }
  return choices;
}

class ExpertRowsOf : public testing::TestWithParam<SortCase> {};

TEST_P(ExpertRowsOf, SortsByExpertThenRow) {
  const SortCase& c = GetParam();
  Inputs in(c.rows);
  const uint32_t choices = c.rows * c.chosen;
  const uint32_t tiles = tensor::most_expert_tiles(choices, c.experts, c.tile_rows);
  const Outcome outcome = run_both(
      graph::dispatch<expert_rows>(expert_rows::kernel(),
                                   {in.buffer(random_choices(in, c)), in.garbage(4 * choices),
                                    in.garbage(4 * choices), in.garbage(sizeof(tensor::ExpertTile) * tiles)},
                                   {choices, c.chosen, c.experts, c.tile_rows, tiles}, {}, {}, "sort"));
  EXPECT_TRUE(outcome.same_elsewhere({}));
}

INSTANTIATE_TEST_SUITE_P(Shapes, ExpertRowsOf,
                         testing::Values(SortCase{1, 1, 3, 4}, SortCase{37, 5, 9, 4},
                                         SortCase{33, 8, 256, 16}, SortCase{70, 3, 1000, 8},
                                         SortCase{90, 2, 3, 16}),
                         [](const auto& p) {
                           return fmt::format("{}rows{}of{}", p.param.rows, p.param.chosen, p.param.experts);
                         });

TEST(ExpertTiles, AreNeverMoreThanCounted) {
  // The worst case: every expert but one has a single row, or one more than fills its tiles.
  for (const uint32_t tile_rows : {1u, 4u, 16u})
    for (const uint32_t experts : {1u, 7u, 64u})
      for (const uint32_t choices : {1u, 6u, 63u, 64u, 65u, 500u}) {
        uint32_t tiles = 0, left = choices;
        for (uint32_t e = 0; e < experts && left > 0; ++e) {
          const uint32_t others = experts - e - 1;
          uint32_t rows = left > others ? left - others : 1;
          if (others > 0) rows = std::min(rows, (rows - 1) / tile_rows * tile_rows + 1);
          left -= std::min(rows, left);
          tiles += (rows + tile_rows - 1) / tile_rows;
        }
        EXPECT_LE(tiles, tensor::most_expert_tiles(choices, experts, tile_rows))
            << choices << " choices, " << experts << " experts, tiles of " << tile_rows;
      }
}

constexpr uint32_t experts = 6, outputs = 37, y_stride = 41, y_offset = 2;

// The product of `choices` places, all rows of x, on a backend.
struct Product {
  std::vector<uint32_t> sizes = {5, 0, 1, 19, 0, 8};  // places of each expert
  DType dtype = DType::f32;
  uint32_t piece_experts = experts;
};

std::vector<tensor::ExpertTile> tiles_of(const std::vector<uint32_t>& sizes, uint32_t tile_rows) {
  std::vector<tensor::ExpertTile> tiles;
  uint32_t begin = 0;
  for (uint32_t e = 0; e < sizes.size(); ++e) {
    const uint32_t end = begin + sizes[e];
    for (; begin < end; begin = std::min(begin + tile_rows, end))
      tiles.push_back({e, begin, std::min(begin + tile_rows, end), 0});
  }
  const uint32_t most = tensor::most_expert_tiles(begin, experts, tile_rows);
  tiles.resize(most, {none, 0, 0, 0});
  return tiles;
}

std::vector<float> product_on(graph::Backend& backend, const Tile& tile, const Product& p) {
  const uint32_t choices = std::accumulate(p.sizes.begin(), p.sizes.end(), 0u);
  const uint32_t inputs = odd_inputs(p.dtype);
  Inputs weights_in(1), x_in(2);
  const auto weight = upload_weight(backend, weights_in.numbers(experts * outputs * inputs), p.dtype, inputs,
                                    p.piece_experts * outputs);
  const auto x = upload(backend, x_in.numbers(choices * inputs));
  const auto y = upload(backend, std::vector<float>(choices * y_stride));
  run(backend, tensor::expert_matmul(tile, {.x = x,
                                            .choices = choices,
                                            .experts = experts,
                                            .weight = weight,
                                            .tiles = upload(backend, tiles_of(p.sizes, tile.rows())),
                                            .y = y,
                                            .y_stride = y_stride,
                                            .y_offset = y_offset}));
  return download<float>(backend, y);
}

class ExpertMatmulOf : public testing::TestWithParam<DType> {};

TEST_P(ExpertMatmulOf, EqualsTheDefinitionInEveryKindOfTile) {
  const auto twins = twins::make_twin_backend();
  for (const Tile& tile : tile_kinds(device_backend().traits())) {
    const Product p{.dtype = GetParam()};
    EXPECT_LE(largest_difference(product_on(device_backend(), tile, p), product_on(*twins, tile, p)),
              1e-7 * odd_inputs(GetParam()) + 5e-6)
        << name(tile);
  }
}

// All formats are read as in the plain product, whose tests have every one.
INSTANTIATE_TEST_SUITE_P(Formats, ExpertMatmulOf, testing::Values(DType::f32, DType::f16, DType::q4_0),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST(ExpertMatmul, BitsDoNotDependOnTileNorPieces) {
  graph::Backend& backend = device_backend();
  const std::vector<Tile> tiles = tile_kinds(backend.traits());
  const std::vector<float> whole = product_on(backend, tiles[0], {});
  for (const Tile& tile : tiles)
    for (const uint32_t piece : {1u, 4u})
      EXPECT_EQ(product_on(backend, tile, {.piece_experts = piece}), whole)
          << name(tile) << ", " << piece << " experts a piece";
}

TEST(ExpertMatmul, WritesOnlyItsColumns) {
  for (const Tile& tile : tile_kinds(device_backend().traits())) {
    Inputs in(4);
    constexpr uint32_t inputs = 24;
    const auto values = in.buffer(in.numbers(experts * outputs * inputs));
    const tensor::Weight weight{experts * outputs, inputs, {{DType::f32, 0, experts * outputs, values}}};
    const std::vector<uint32_t> sizes = {0, 3, 0, 0, 7, 1};
    const auto dispatches = tensor::expert_matmul(tile, {.x = in.buffer(in.numbers(11 * inputs)),
                                                         .choices = 11,
                                                         .experts = experts,
                                                         .weight = weight,
                                                         .tiles = in.buffer(tiles_of(sizes, tile.rows())),
                                                         .y = in.garbage_floats(11 * y_stride),
                                                         .y_stride = y_stride,
                                                         .y_offset = y_offset});
    expect_close(dispatches.front(), "y", 1e-6);
  }
}

TEST(ExpertSum, AddsInOrderAndSkipsWhatIsNotThere) {
  Inputs in(5);
  const uint32_t rows = 5, chosen = 3, dim = 131;
  for (const bool accumulate : {false, true}) {
    const auto d = graph::dispatch<expert_sum>(
        expert_sum::kernel(),
        {in.buffer(in.numbers(15 * dim)),
         in.buffer<uint32_t>({14, 0, 3, none, none, none, 1, 2, 7, 4, 5, 6, none, 8, 9}),
         in.buffer(in.numbers(rows * chosen)), in.buffer(in.numbers(rows * dim))},
        {.rows = rows, .dim = dim, .chosen = chosen}, {accumulate}, {3, rows}, "sum");
    expect_close(d, "y", 1e-6);
  }
}

// All operations of a mixture, on rows of which those not in `active` are padding.
std::vector<float> mixture(graph::Backend& backend, uint32_t rows, const std::vector<uint32_t>& active) {
  const Routing r = {
      .experts = 10, .chosen = 3, .groups = 5, .kept_groups = 3, .sigmoid = true, .normalised = true};
  constexpr uint32_t hidden = 40, ffn = 24;
  Inputs in(11);
  const auto weight = [&](uint32_t outputs_, uint32_t inputs_) {
    return upload_weight(backend, in.numbers(size_t{outputs_} * inputs_), DType::f32, inputs_, outputs_);
  };
  const tensor::Weight router = weight(r.experts, hidden), gate = weight(r.experts * ffn, hidden);
  const tensor::Weight up = weight(r.experts * ffn, hidden), down = weight(r.experts * hidden, ffn);
  const auto bias = upload(backend, in.numbers(r.experts, -0.2f, 0.2f));
  std::vector<tensor::Row> list(rows, {0, 0, none, 0});
  for (const uint32_t row : active) list[row].slot = row;
  const tensor::Matrix x = {upload(backend, in.numbers(64 * hidden)).sub(0, rows * hidden * 4), rows, hidden};
  const auto matrix = [&](uint32_t n, uint32_t d) { return tensor::Matrix::allocate(backend, n, d, "test"); };
  const uint32_t places = rows * r.chosen;
  const tensor::Matrix logits = matrix(rows, r.experts), gathered = matrix(places, hidden);
  const tensor::Matrix gate_up = matrix(places, 2 * ffn), activated = matrix(places, ffn),
                       y = matrix(rows, hidden);
  const auto choices = tensor::ExpertChoices::allocate(backend, rows, r.chosen);
  graph::Recording recording;
  tensor::Ops ops(backend.traits(), recording);
  ops.matmul(x, router, logits, false, "router");
  ops.route(logits, bias, upload(backend, list), r, choices);
  ops.sort_choices(r, rows, choices);
  ops.gather_rows(x, choices.sources, gathered, graph::Extent::rows, r.chosen);
  ops.expert_matmul(r, rows, choices, gathered, gate, gate_up, 0, "gate");
  ops.expert_matmul(r, rows, choices, gathered, up, gate_up, ffn, "up");
  ops.silu_gate(gate_up, activated, r.chosen);
  ops.expert_matmul(r, rows, choices, activated, down, gathered, 0, "down");
  ops.expert_sum(r, choices, gathered, y, true);
  backend.run(*backend.prepare(std::move(recording)));
  return download<float>(backend, y.slice);
}

TEST(Experts, AMixtureEqualsTheTwins) {
  const auto twins = twins::make_twin_backend();
  const std::vector<uint32_t> active = {0, 1, 3, 4, 9, 15};
  EXPECT_LE(largest_difference(mixture(device_backend(), 16, active), mixture(*twins, 16, active)), 5e-5);
}

TEST(Experts, ARowDoesNotDependOnTheOthers) {
  graph::Backend& backend = device_backend();
  std::vector<uint32_t> all(48);
  std::iota(all.begin(), all.end(), 0u);
  const std::vector<float> together = mixture(backend, 48, all);
  const auto row = [](const std::vector<float>& y, size_t r) {
    return std::vector<float>(y.begin() + static_cast<ptrdiff_t>(r * 40),
                              y.begin() + static_cast<ptrdiff_t>(r * 40 + 40));
  };
  for (const uint32_t r : {0u, 7u, 15u}) {
    const std::vector<float> alone = mixture(backend, 16, {r});
    EXPECT_EQ(row(alone, r), row(together, r)) << "row " << r;
    EXPECT_EQ(row(alone, (r + 1) % 16), std::vector<float>(40)) << "a padding row beside row " << r;
  }
}

}  // namespace
}  // namespace unmask::kernels
