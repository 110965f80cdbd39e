// Models in GGUF files and in every format: their logits are those of f32 models with the values that the
// format keeps.
#include <cmath>
#include <fstream>

#include <gtest/gtest.h>

#include "decode/logits.h"
#include "support/convert.h"
#include "support/engine.h"
#include "support/golden.h"
#include "support/random_model.h"
#include "support/temporary_folder.h"

namespace unmask {
namespace {

using model::Weights;
using tests::convert_to_gguf;
using tests::FloatTensor;
using tests::TemporaryFolder;
using Tensors = std::map<std::string, FloatTensor>;

double relative_error(std::span<const float> got, std::span<const float> want) {
  double error = 0, scale = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double difference = std::abs(double{got[i]} - want[i]);
    error = difference <= error ? error : difference;  // NaN is kept
    scale = std::max(scale, std::abs(double{want[i]}));
  }
  return error / scale;
}

std::vector<float> logits_of(const std::filesystem::path& path, std::span<const int32_t> tokens) {
  const auto backend = tests::make_backend();
  return decode::logits(*backend, *model::Loader(path, tests::make_backend()).finish(), tokens);
}

// The folder with every matrix as the type keeps it, or its substitute, in f32.
void write_rounded(const std::filesystem::path& source, const std::filesystem::path& folder, DType type) {
  Tensors rounded;
  const Weights weights = model::open_weights(source);
  for (const model::TensorView* view : weights.tensors()) {
    FloatTensor tensor{view->shape, {}};
    uint64_t elements = 1;
    for (const uint64_t extent : view->shape) elements *= extent;
    tensor.values.resize(elements);
    info(view->dtype).dequantise(view->data.data(), tensor.values);
    if (view->shape.size() == 2 && !view->name.ends_with("mlp.gate.weight")) {  // routers are f32
      const DType kept = fitting_type(type, view->shape[1]);
      std::vector<std::byte> blocks(bytes_of(kept, elements));
      info(kept).quantise(tensor.values, blocks.data());
      info(kept).dequantise(blocks.data(), tensor.values);
    }
    rounded.emplace(view->name, std::move(tensor));
  }
  std::ofstream(folder / "model.safetensors", std::ios::binary) << tests::safetensors_of(rounded);
  std::filesystem::copy_file(source / "config.json", folder / "config.json");
}

class ConvertedTo : public testing::TestWithParam<DType> {
 protected:
  static void expect_rounded_logits(const std::filesystem::path& source) {
    const TemporaryFolder folder;
    write_rounded(source, folder.path(), GetParam());
    const std::vector<int32_t> tokens = {5, 17, 126, 99, 3, 3, 126, 0, 41, 77, 126, 126, 126};
    const double error = relative_error(logits_of(convert_to_gguf(source, folder, GetParam()), tokens),
                                        logits_of(folder.path(), tokens));
    std::printf("[   error  ] %.2e\n", error);
    EXPECT_LE(error, 1e-3);
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, ConvertedTo, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST_P(ConvertedTo, GoldenModelKeepsItsRoundedLogits) {
  expect_rounded_logits(tests::golden_folder("llada"));
}

TEST_P(ConvertedTo, GoldenModelWithExpertsKeepsItsRoundedLogits) {
  expect_rounded_logits(tests::golden_folder("llada_moe"));
}

TEST_P(ConvertedTo, RandomModelKeepsItsRoundedLogits) {
  const TemporaryFolder folder;
  tests::write_random_llada(folder.path());
  expect_rounded_logits(folder.path());
}

TEST_P(ConvertedTo, RandomModelWithExpertsKeepsItsRoundedLogits) {
  const TemporaryFolder folder;
  tests::write_random_llada_moe(folder.path());
  expect_rounded_logits(folder.path());
}

void expect_golden_logits(const std::filesystem::path& model, const tests::Golden& golden, double bound) {
  for (size_t s = 0; s < golden.sequences; ++s) {
    const auto tokens = std::span(golden.tokens).subspan(s * golden.length, golden.length);
    const size_t size = golden.length * golden.vocabulary;
    const double error =
        relative_error(logits_of(model, tokens), std::span(golden.logits).subspan(s * size, size));
    EXPECT_LE(error, bound) << model << " sequence " << s;
    std::printf("[   error  ] %s sequence %zu: %.2e\n", model.filename().c_str(), s, error);
  }
}

TEST(Gguf, ModelOfThePackageHasTheReferencesLogits) {
  const auto folder = std::filesystem::path(UNMASK_TEST_DATA) / "gguf";
  expect_golden_logits(folder / "llada.gguf", tests::read_golden(folder), 1e-3);
}

constexpr const char* families[] = {"llada", "llada_grouped", "dream", "llada_moe"};

TEST(Gguf, GoldenModelsInHalfPrecisionHaveTheReferencesLogits) {
  for (const char* name : families) {
    const auto source = tests::golden_folder(name);
    const TemporaryFolder folder;
    SCOPED_TRACE(name);
    expect_golden_logits(convert_to_gguf(source, folder, DType::f16), tests::read_golden(source), 2e-2);
  }
}

TEST(Gguf, EveryFamilyOfFoldersComesBack) {
  for (const char* name : families) {
    const auto source = tests::golden_folder(name);
    const tests::Golden golden = tests::read_golden(source);
    const TemporaryFolder folder;
    const auto file = convert_to_gguf(source, folder, DType::f32);
    const auto before = tests::load(source), after = tests::load(file);
    EXPECT_EQ(after->config.architecture, before->config.architecture);
    EXPECT_EQ(after->config.shifted_logits, before->config.shifted_logits);
    EXPECT_EQ(after->config.mask_token, before->config.mask_token);
    EXPECT_EQ(after->config.end_token, before->config.end_token);
    EXPECT_EQ(after->config.experts, before->config.experts);
    EXPECT_EQ(after->config.rope_theta, before->config.rope_theta);
    EXPECT_EQ(after->parameters, before->parameters);
    const auto tokens = std::span(golden.tokens).first(golden.length);
    EXPECT_EQ(logits_of(file, tokens), logits_of(source, tokens)) << name;
  }
}

}  // namespace
}  // namespace unmask
