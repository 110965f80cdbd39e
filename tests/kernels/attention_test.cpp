#include "kernels/attention.h"

#include "kernels/attention_broadcast.h"
#include "kernels/harness.h"
#include "tensor/layouts.h"

namespace unmask::kernels {
namespace {

using tensor::KeyRanges;

struct Shape {
  uint32_t heads, kv_heads, head_dim;
};

// The same function by two routes; both must agree with the twin.
enum class Way { shared_tile, broadcast };

std::vector<Way> ways() {
  if (device_backend().traits().subgroup_size == 0) return {Way::shared_tile};
  return {Way::shared_tile, Way::broadcast};
}

graph::Dispatch attend(const Shape& s, Way way, const graph::Slice& q, const graph::Slice& keys,
                       const graph::Slice& values, const std::vector<KeyRanges>& ranges) {
  const auto rows = static_cast<uint32_t>(ranges.size());
  const graph::Slice range_slice = Inputs::buffer(ranges);
  const graph::Slice y = Inputs::garbage_floats(rows * s.heads * s.head_dim);
  const float scale = 1 / std::sqrt(static_cast<float>(s.head_dim));
  const graph::Grid grid{(rows + 31) / 32, s.heads};
  if (way == Way::broadcast)
    return graph::dispatch<attention_broadcast>(
        attention_broadcast::kernel(), {q, keys, values, range_slice, y},
        {.rows = rows, .heads = s.heads, .kv_heads = s.kv_heads, .scale = scale},
        {.head_dim = s.head_dim, .subgroup_size = device_backend().traits().subgroup_size}, grid,
        "attention");
  return graph::dispatch<attention>(attention::kernel(), {q, keys, values, range_slice, y},
                                    {.rows = rows, .heads = s.heads, .kv_heads = s.kv_heads, .scale = scale},
                                    {.head_dim = s.head_dim}, grid, "attention");
}

// Keys or values with the given slots filled and garbage everywhere else.
graph::Slice cache(Inputs& in, const Shape& s, uint32_t slots, uint32_t filled_begin, uint32_t filled_end) {
  const uint32_t width = s.kv_heads * s.head_dim;
  std::vector<float> values(slots * width, NAN);
  for (uint32_t i = filled_begin * width; i < filled_end * width; ++i) values[i] = in.number(-2, 2);
  return in.buffer(values);
}

class AttentionOf : public testing::TestWithParam<Shape> {};

TEST_P(AttentionOf, EveryRowSeesEverySlot) {
  const Shape s = GetParam();
  const uint32_t rows = 131, slots = 75;
  for (const Way way : ways()) {
    Inputs in(7);
    const auto q = in.buffer(in.numbers(rows * s.heads * s.head_dim, -2, 2));
    const auto keys = cache(in, s, slots, 0, slots), values = cache(in, s, slots, 0, slots);
    expect_close(attend(s, way, q, keys, values, std::vector<KeyRanges>(rows, {0, slots, 0, 0})), "y", 2e-6);
  }
}

// Sequences of a batch, blocks with a prefix, and empty ranges in one workgroup; the slots of none are
// garbage.
TEST_P(AttentionOf, RangesDifferPerRow) {
  const Shape s = GetParam();
  const uint32_t rows = 37, slots = 200;
  Inputs in(8);
  const auto q = in.buffer(in.numbers(rows * s.heads * s.head_dim, -2, 2));
  const auto keys = cache(in, s, slots, 3, 150), values = cache(in, s, slots, 3, 150);
  std::vector<KeyRanges> ranges(rows);
  for (uint32_t r = 0; r < rows; ++r) {
    if (r % 4 == 0) ranges[r] = {3, 50, 0, 0};
    if (r % 4 == 1) ranges[r] = {100, 101 + r, 5, 6};
    if (r % 4 == 2) ranges[r] = {0, 0, 17 + r, 19 + 2 * r, 20, 20 + r};
    if (r % 8 == 3) ranges[r] = {3, 9, 61, 125, 130, 131 + r % 5, 0x10204081u << (r % 3), 0x80000001u};
  }
  for (const Way way : ways()) expect_close(attend(s, way, q, keys, values, ranges), "y", 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionOf,
                         testing::Values(Shape{3, 3, 16}, Shape{6, 2, 18}, Shape{2, 2, 64}, Shape{4, 1, 90},
                                         Shape{2, 1, 128}),
                         [](const auto& p) {
                           return fmt::format("{}of{}heads{}", p.param.kv_heads, p.param.heads,
                                              p.param.head_dim);
                         });

// Large scores must neither overflow nor lose the winner.
TEST(Attention, SurvivesExtremeScores) {
  const Shape s{1, 1, 16};
  Inputs in(9);
  const auto q = in.buffer(in.numbers(3 * 16, -300, 300));
  const auto keys = in.buffer(in.numbers(40 * 16, -300, 300)), values = in.buffer(in.numbers(40 * 16));
  for (const Way way : ways())
    expect_close(attend(s, way, q, keys, values, std::vector<KeyRanges>(3, {0, 33, 33, 40})), "y", 1e-4);
}

// The bits of a row depend on its keys and their order alone, not on where they are stored: the states of a
// block that are verified at once stand in slots of their own.
TEST(Attention, DoesNotDependOnWhereKeysAreStored) {
  const Shape s{2, 1, 18};
  const uint32_t keys_count = 61, width = s.kv_heads * s.head_dim;
  Inputs in(12);
  const auto q = in.buffer(in.numbers(s.heads * s.head_dim, -9, 9));
  const std::vector<float> key = in.numbers(keys_count * width, -9, 9),
                           value = in.numbers(keys_count * width);
  // Slots `from` of the keys [begin, end), in a store of 256 slots.
  struct Piece {
    uint32_t begin, end, from;
  };
  const auto attend_to = [&](Way way, const std::vector<Piece>& pieces, const KeyRanges& ranges) {
    std::vector<float> keys(256 * width, NAN), values(256 * width, NAN);
    for (const Piece& p : pieces) {
      std::copy(key.begin() + p.begin * width, key.begin() + p.end * width, keys.begin() + p.from * width);
      std::copy(value.begin() + p.begin * width, value.begin() + p.end * width,
                values.begin() + p.from * width);
    }
    return run_on_device(attend(s, way, q, in.buffer(keys), in.buffer(values), {ranges}), "y");
  };
  for (const Way way : ways()) {
    const std::vector<float> plain = attend_to(way, {{0, 61, 0}}, {0, 61, 0, 0});
    EXPECT_EQ(plain, attend_to(way, {{0, 61, 5}}, {5, 66, 0, 0}));
    EXPECT_EQ(plain, attend_to(way, {{0, 30, 2}, {30, 37, 101}, {37, 61, 150}}, {2, 32, 101, 108, 150, 174}));
    EXPECT_EQ(plain, attend_to(way, {{0, 1, 7}, {1, 60, 101}, {60, 61, 8}}, {7, 8, 101, 160, 8, 9}));
    // Every other slot of the middle range hides a key that the row does not see.
    std::vector<Piece> spread = {{0, 50, 0}};
    for (uint32_t i = 0; i < 11; ++i) spread.push_back({50 + i, 51 + i, 100 + 2 * i});
    EXPECT_EQ(plain, attend_to(way, spread, {0, 50, 100, 121, 0, 0, 0x155555u, 0}));
  }
}

// The bits of a row do not depend on the rows beside it nor on how many there are.
TEST(Attention, RowsAreIndependent) {
  const Shape s{2, 1, 18};
  const uint32_t rows = 70, width = s.heads * s.head_dim;
  Inputs in(10);
  const std::vector<float> q = in.numbers(rows * width, -2, 2);
  const auto keys = cache(in, s, 96, 0, 96), values = cache(in, s, 96, 0, 96);
  std::vector<KeyRanges> ranges(rows);
  for (uint32_t r = 0; r < rows; ++r) ranges[r] = {r, r + 20, r / 2, r / 2 + 7};
  for (const Way way : ways()) {
    const std::vector<float> together =
        run_on_device(attend(s, way, in.buffer(q), keys, values, ranges), "y");
    for (const uint32_t r : {0u, 31u, 69u}) {
      const std::vector<float> row(q.begin() + r * width, q.begin() + (r + 1) * width);
      const std::vector<float> alone =
          run_on_device(attend(s, way, in.buffer(row), keys, values, {ranges[r]}), "y");
      EXPECT_EQ(alone, std::vector<float>(together.begin() + r * width, together.begin() + (r + 1) * width))
          << r;
    }
  }
}

}  // namespace
}  // namespace unmask::kernels
