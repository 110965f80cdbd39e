// Each architecture's logits against independent implementations: LLaDA's authors' own code ("llada");
// Hugging Face's Llama with a bidirectional mask at odd sizes ("llada_odd") and with grouped heads, bf16 and
// shards ("llada_grouped"); its Qwen2 and Qwen3 under the masks of the families made from them; MDLM's
// authors' own code ("mdlm"), and a network in NumPy at odd sizes ("mdlm_odd") and in f16 ("mdlm_half").
// MDLM's references compute adaLN as it was trained, while ours has it folded into the weights. For models
// with experts, Hugging Face's Qwen3-MoE ("llada_moe") and GLM-4-MoE ("llada2") under other names.
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/logits.h"
#include "support/engine.h"
#include "support/golden.h"

namespace unmask {
namespace {

class GoldenLogits : public testing::TestWithParam<const char*> {};

// The largest error, relative to the largest logit of the sequence.
double relative_error(std::span<const float> got, std::span<const float> want) {
  double error = 0, scale = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error = std::max(error, std::abs(double{got[i]} - want[i]));
    scale = std::max(scale, std::abs(double{want[i]}));
  }
  return std::isfinite(error) ? error / scale : INFINITY;
}

TEST_P(GoldenLogits, AgreeWithTheReference) {
  const auto folder = tests::golden_folder(GetParam());
  const tests::Golden golden = tests::read_golden(folder);
  const auto model = tests::load(folder);
  const auto backend = tests::make_backend();
  ASSERT_EQ(model->config.vocabulary, golden.vocabulary);
  for (size_t s = 0; s < golden.sequences; ++s) {
    const auto tokens = std::span(golden.tokens).subspan(s * golden.length, golden.length);
    const auto want = std::span(golden.logits)
                          .subspan(s * golden.length * golden.vocabulary, golden.length * golden.vocabulary);
    const double error = relative_error(decode::logits(*backend, *model, tokens), want);
    RecordProperty("relative_error", std::to_string(error));
    EXPECT_LE(error, 1e-3) << "sequence " << s;
    std::printf("[   error  ] %s sequence %zu: %.2e\n", GetParam(), s, error);
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, GoldenLogits,
                         testing::Values("llada", "llada_odd", "llada_grouped", "dream", "fast_dllm_v2",
                                         "sdar", "sdar_tied", "mdlm", "mdlm_odd", "mdlm_half", "llada_moe",
                                         "llada2"),
                         [](const auto& param) { return std::string(param.param); });

TEST(Logits, RefuseBadTokens) {
  const auto model = tests::load(tests::golden_folder("llada"));
  const auto backend = tests::make_backend();
  const std::vector<int32_t> outside = {1, 128};
  const std::vector<int32_t> too_many(65, 1);
  EXPECT_THROW(decode::logits(*backend, *model, outside), Error);
  EXPECT_THROW(decode::logits(*backend, *model, too_many), Error);
  EXPECT_THROW(decode::logits(*backend, *model, {}), Error);
}

}  // namespace
}  // namespace unmask
