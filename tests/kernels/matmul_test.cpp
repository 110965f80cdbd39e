// The matrix product: every tile, format and row count against the definition, and against each other bit by
// bit.
#include "tensor/matmul.h"

#include "kernels/products.h"
#include "kernels/textbook_matmul.h"

namespace unmask::kernels {
namespace {

using tensor::Tile;

constexpr uint32_t outputs = 77, y_stride = 83, y_offset = 3;

struct Case {
  uint32_t rows;
  DType dtype = DType::f32;
  bool accumulate = false;
  uint32_t piece = outputs;
};

std::vector<float> random(uint32_t seed, size_t count) { return Inputs(seed).numbers(count); }

std::vector<float> product_on(graph::Backend& backend, const Tile& tile, const Case& c) {
  const uint32_t inputs = odd_inputs(c.dtype), x_stride = inputs + 8;
  const auto weight = upload_weight(backend, random(1, outputs * inputs), c.dtype, inputs, c.piece);
  // Fewer rows are a prefix of more.
  const auto x = upload(backend, random(2, c.rows * x_stride));
  const auto y = upload(backend, random(3, c.rows * y_stride));
  run(backend, tensor::matmul(tile, {.x = x,
                                     .rows = c.rows,
                                     .x_stride = x_stride,
                                     .weight = weight,
                                     .y = y,
                                     .y_stride = y_stride,
                                     .y_offset = y_offset,
                                     .accumulate = c.accumulate}));
  return download<float>(backend, y);
}

class MatmulOf : public testing::TestWithParam<DType> {};

TEST_P(MatmulOf, EqualsTheDefinition) {
  const auto twins = twins::make_twin_backend();
  const graph::Traits& traits = device_backend().traits();
  const bool every = GetParam() == DType::f32;  // a format is read the same way in tiles of one kind
  for (const Tile& tile : every ? usable_tiles(traits) : tile_kinds(traits))
    for (const bool accumulate : {false, every}) {
      const Case c{35, GetParam(), accumulate};
      EXPECT_LE(largest_difference(product_on(device_backend(), tile, c), product_on(*twins, tile, c)),
                1e-7 * odd_inputs(GetParam()) + 2e-6)
          << name(tile);
    }
}

// Rows of an identity bring single weights to y unchanged.
TEST_P(MatmulOf, ReadsWhatTheFormatSays) {
  graph::Backend& backend = device_backend();
  const uint32_t inputs = odd_inputs(GetParam());
  const std::vector<float> values = random(6, 5 * inputs), rounded = rounded_weights(values, GetParam());
  std::vector<float> identity(inputs * inputs), transposed(inputs * 5);
  for (uint32_t k = 0; k < inputs; ++k) {
    identity[k * inputs + k] = 1;
    for (uint32_t n = 0; n < 5; ++n) transposed[k * 5 + n] = rounded[n * inputs + k];
  }
  const auto weight = upload_weight(backend, values, GetParam(), inputs, 5);
  const auto y = upload(backend, std::vector<float>(inputs * 5));
  run(backend, tensor::matmul(backend.traits(), {.x = upload(backend, identity),
                                                 .rows = inputs,
                                                 .x_stride = inputs,
                                                 .weight = weight,
                                                 .y = y,
                                                 .y_stride = 5}));
  EXPECT_EQ(download<float>(backend, y), transposed);
}

INSTANTIATE_TEST_SUITE_P(Formats, MatmulOf, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST(Matmul, BitsDoNotDependOnTileNorRowCount) {
  graph::Backend& backend = device_backend();
  const std::vector<Tile> tiles = usable_tiles(backend.traits());
  const std::vector<float> all = product_on(backend, tiles[0], {37});
  for (const Tile& tile : tiles)
    for (const uint32_t rows : {1u, 2u, 9u, 37u})
      EXPECT_EQ(product_on(backend, tile, {rows}),
                std::vector<float>(all.begin(), all.begin() + rows * y_stride))
          << name(tile) << ", " << rows << " rows";
}

TEST(Matmul, TheTilesOfTheDeviceAgreeForAllRowCounts) {
  graph::Backend& backend = device_backend();
  const std::vector<float> all = product_on(backend, tensor::matmul_tile(backend.traits(), 512), {512});
  for (const uint32_t rows : {1u, 3u, 5u, 16u, 17u, 100u})
    EXPECT_EQ(product_on(backend, tensor::matmul_tile(backend.traits(), rows), {rows}),
              std::vector<float>(all.begin(), all.begin() + rows * y_stride))
        << rows << " rows";
}

TEST(Matmul, PiecesGiveTheSameBits) {
  graph::Backend& backend = device_backend();
  const Tile tile = tensor::matmul_tile(backend.traits(), 5);
  EXPECT_EQ(product_on(backend, tile, {.rows = 5, .piece = 24}), product_on(backend, tile, {.rows = 5}));
}

TEST(Matmul, ReadsEveryHalfExactly) {
  // An identity as x brings each weight to y unchanged: subnormals, the largest, both signs.
  const std::vector<float> halves = {5.9604645e-8f, -5.9604645e-8f, 6.0975552e-5f, -6.1035156e-5f,
                                     65504.0f,      -65504.0f,      0.33325195f,   0.0f};
  graph::Backend& backend = device_backend();
  std::vector<float> identity(64);
  for (size_t i = 0; i < 8; ++i) identity[i * 9] = 1;
  for (const Tile& tile : tile_kinds(backend.traits())) {
    const auto weight = upload_weight(backend, halves, DType::f16, 8, 1);
    const auto y = upload(backend, std::vector<float>(8));
    run(backend, tensor::matmul(tile, {.x = upload(backend, identity),
                                       .rows = 8,
                                       .x_stride = 8,
                                       .weight = weight,
                                       .y = y,
                                       .y_stride = 1}));
    EXPECT_EQ(download<float>(backend, y), halves) << name(tile);
  }
}

TEST(Matmul, WritesNothingOutside) {
  for (const Tile& tile : usable_tiles(device_backend().traits())) {
    Inputs in(4);
    const tensor::Weight weight{13, 24, {{DType::f32, 0, 13, in.buffer(in.numbers(13 * 24))}}};
    const auto dispatches = tensor::matmul(tile, {.x = in.buffer(in.numbers(5 * 24)),
                                                  .rows = 5,
                                                  .x_stride = 24,
                                                  .weight = weight,
                                                  .y = in.garbage_floats(5 * 20),
                                                  .y_stride = 20,
                                                  .y_offset = 2});
    expect_close(dispatches.front(), "y", 1e-6);
  }
}

TEST(Matmul, CountsItsWork) {
  const Tile tile{tensor::TileKind::shared, 16, 8, 4, 4};
  const graph::Slice none;
  const tensor::Weight weight{77, 40, {{DType::f16, 0, 77, none}}};
  const graph::Work work =
      tensor::matmul(tile,
                     {.x = none, .rows = 35, .x_stride = 40, .weight = weight, .y = none, .y_stride = 77})
          .front()
          .work;
  EXPECT_EQ(work.flops, 2u * 35 * 77 * 40);
  EXPECT_EQ(work.flops_executed, 2u * 64 * 128 * 40);
  EXPECT_EQ(work.bytes, 4u * 35 * 40 + 2u * 77 * 40 + 4u * 35 * 77);
}

TEST(TextbookMatmul, EqualsTheDefinition) {
  Inputs in(5);
  expect_close(
      graph::dispatch<textbook_matmul>(
          textbook_matmul::kernel(),
          {in.buffer(in.numbers(11 * 21)), in.buffer(in.numbers(19 * 21)), in.garbage_floats(11 * 19)},
          {.rows = 11, .outputs = 19, .inputs = 21}, {.tile = 8}, {3, 2}, "textbook"),
      "y", 1e-6);
}

}  // namespace
}  // namespace unmask::kernels
