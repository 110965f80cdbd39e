// The kernels that move or combine rows: gather_rows, scatter_rows, store_differences, guidance, embed,
// write_tokens.
#include "kernels/embed.h"
#include "kernels/gather_rows.h"
#include "kernels/guidance.h"
#include "kernels/products.h"
#include "kernels/scatter_rows.h"
#include "kernels/store_differences.h"
#include "kernels/write_tokens.h"
#include "tensor/layouts.h"
#include "tensor/variant.h"

namespace unmask::kernels {
namespace {

using tensor::none;

TEST(GatherRows, CopiesAndZeroes) {
  Inputs in(1);
  const auto x = in.buffer(in.numbers(7 * 131));
  const auto index = in.buffer<uint32_t>({6, 0, none, 3, 3});
  const auto d = graph::dispatch<gather_rows>(gather_rows::kernel(), {x, index, in.garbage_floats(5 * 131)},
                                              {.rows = 5, .dim = 131}, {}, {5}, "gather");
  expect_close(d, "y", 0);
}

TEST(ScatterRows, LeavesOtherRowsAlone) {
  Inputs in(2);
  const auto x = in.buffer(in.numbers(5 * 131));
  const auto index = in.buffer<uint32_t>({6, 0, none, 3, none});
  const auto d = graph::dispatch<scatter_rows>(scatter_rows::kernel(), {x, index, in.garbage_floats(7 * 131)},
                                               {.rows = 5, .dim = 131}, {}, {5}, "scatter");
  expect_close(d, "y", 0);
}

TEST(WriteTokens, ChangesOnlyTheSlotsNamed) {
  Inputs in(5);
  std::vector<tensor::TokenWrite> writes(70, {none, 9});
  for (uint32_t i = 0; i < 69; i += 2) writes[i] = {139 - 2 * i, 1000 + i};
  writes[69] = {3, 7};
  const auto d = graph::dispatch<write_tokens>(write_tokens::kernel(),
                                               {in.buffer(writes), in.buffer(std::vector<uint32_t>(140, 5))},
                                               {.count = 69}, {}, {2}, "write tokens");
  expect_close(d, "tokens", 0);
}

TEST(StoreDifferences, LeavesOtherRowsAlone) {
  Inputs in(5);
  const auto a = in.buffer(in.numbers(5 * 131)), b = in.buffer(in.numbers(5 * 131));
  const auto index = in.buffer<uint32_t>({6, 0, none, 3, none});
  const auto d = graph::dispatch<store_differences>(store_differences::kernel(),
                                                    {a, b, index, in.garbage_floats(7 * 131)},
                                                    {.rows = 5, .dim = 131}, {}, {5}, "guidance");
  expect_close(d, "y", 0);
}

class GuidanceOf : public testing::TestWithParam<uint32_t> {};

TEST_P(GuidanceOf, CombinesOnlyGuidedRows) {
  Inputs in(3);
  const std::vector<tensor::SequenceStep> sequences = {
      {.guidance = 0.0f}, {.guidance = 1.5f}, {.guidance = -0.5f}};
  const std::vector<tensor::Candidate> candidates = {{.unconditional_row = 9, .sequence = 1},
                                                     {.unconditional_row = none, .sequence = none},
                                                     {.unconditional_row = 2, .sequence = 2},
                                                     {.unconditional_row = 4, .sequence = 0}};
  std::vector<float> other = in.numbers(4 * 133, -3, 3);
  for (uint32_t i = 133; i < 2 * 133; ++i) other[i] = NAN;  // never read
  const auto d =
      graph::dispatch<guidance>(guidance::kernel(),
                                {in.buffer(in.numbers(4 * 133, -3, 3)), in.buffer(other),
                                 in.buffer(candidates), in.buffer(sequences), in.garbage_floats(4 * 133)},
                                {.rows = 4, .dim = 133}, {GetParam()}, {4}, "guidance");
  expect_close(d, "y", 2e-7);
}

INSTANTIATE_TEST_SUITE_P(OtherIsDifference, GuidanceOf, testing::Values(0, 1));

class EmbedOf : public testing::TestWithParam<DType> {};

// A piece of the table that starts at first_token, on rows that hold tokens of every piece and padding.
TEST_P(EmbedOf, LooksUpItsPieceOnly) {
  const uint32_t dim = odd_inputs(GetParam()), rows = 6;
  Inputs in(4);
  const auto tokens = in.buffer<uint32_t>({0, 6, 7, 10, 11, 12});
  std::vector<tensor::Row> row_list(rows);
  for (uint32_t r = 0; r < rows; ++r) row_list[r].slot = rows - 1 - r;
  row_list[2].slot = none;
  for (const auto& [first, count] : {std::pair(0u, 7u), std::pair(7u, 5u)}) {
    const auto table = in.buffer(weights(in.numbers(count * dim), GetParam(), dim));
    const auto d = graph::dispatch<embed>(
        embed::kernel(tensor::variant_of<embed>(GetParam())),
        {tokens, in.buffer(row_list), table, in.garbage_floats(rows * dim)},
        {.rows = rows, .dim = dim, .first_token = first, .token_count = count}, {}, {rows}, "embed");
    expect_close(d, "x", 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EmbedOf, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

}  // namespace
}  // namespace unmask::kernels
