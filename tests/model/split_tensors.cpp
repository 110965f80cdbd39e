// Models with tensors that no binding of the device spans: split, they give the logits that they give whole.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "decode/logits.h"
#include "support/convert.h"
#include "support/engine.h"
#include "support/random_model.h"
#include "tensor/weight_layout.h"

namespace unmask {
namespace {

using tests::TemporaryFolder;

// How many pieces each tensor was allocated in, by its (first) name.
using Pieces = std::map<std::string, int>;

// The test's device, on which one binding spans few bytes.
class NarrowBackend : public graph::Backend {
 public:
  NarrowBackend(uint64_t range, Pieces& pieces) : traits_(backend_->traits()), pieces_(pieces) {
    traits_.max_storage_range = range;
  }

  const graph::Traits& traits() const override { return traits_; }
  std::shared_ptr<graph::Buffer> allocate(uint64_t bytes, graph::Memory memory, const char* label) override {
    ++pieces_[label];
    return backend_->allocate(bytes, memory, label);
  }
  void write(const graph::Slice& to, std::span<const std::byte> from) override { backend_->write(to, from); }
  void read(const graph::Slice& from, std::span<std::byte> to) override { backend_->read(from, to); }
  std::unique_ptr<graph::Program> prepare(graph::Recording recording) override {
    for (const graph::Dispatch& dispatch : recording.dispatches())
      for (const graph::Slice& slice : dispatch.buffers)
        EXPECT_LE(slice.size, traits_.max_storage_range) << dispatch.label;
    return backend_->prepare(std::move(recording));
  }
  void run(graph::Program& program) override { backend_->run(program); }
  void set_profiling(bool on) override { backend_->set_profiling(on); }
  graph::Profile profile() const override { return backend_->profile(); }
  void reset_profile() override { backend_->reset_profile(); }

 private:
  std::unique_ptr<graph::Backend> backend_ = tests::make_backend();
  graph::Traits traits_;
  Pieces& pieces_;
};

// Feed-forward layers compute 64 rows at a time or more, and gate and up together have up to 1,536 values.
constexpr uint64_t least_activation_bytes = 64 * 1536 * sizeof(float);

// A binding spans 1,024 rows of the embedding, of 2,100, and of the stacked feed-forward matrices.
void expect_same_bits(const std::filesystem::path& path, DType type, const char* ffn) {
  const std::vector<int32_t> tokens = {5, 1023, 1024, 2047, 2048, 2099};
  const uint64_t range = 1024 * tensor::device_row_bytes(type, 256);
  Pieces pieces;
  const auto split = model::Loader(path, std::make_unique<NarrowBackend>(range, pieces)).finish();
  const auto whole = model::Loader(path, tests::make_backend()).finish();
  EXPECT_EQ(split->network->head().pieces.size(), 3u);
  EXPECT_EQ(whole->network->head().pieces.size(), 1u);
  EXPECT_EQ(pieces[ffn], 2) << ffn;
  NarrowBackend narrow(std::max(range, least_activation_bytes), pieces);
  EXPECT_EQ(decode::logits(narrow, *split, tokens), decode::logits(*tests::make_backend(), *whole, tokens));
}

constexpr const char* llada_ffn = "model.transformer.blocks.0.ff_proj.weight";
constexpr const char* expert_ffn = "model.layers.0.mlp.experts.0.gate_proj.weight";

class SplitFiles : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Formats, SplitFiles, testing::ValuesIn(weight_types()),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST_P(SplitFiles, HaveTheBitsOfWholeTensors) {
  const TemporaryFolder folder;
  tests::write_random_llada(folder.path());
  expect_same_bits(tests::convert_to_gguf(folder.path(), folder, GetParam()), GetParam(), llada_ffn);
}

TEST_P(SplitFiles, HaveTheBitsOfWholeExperts) {
  const TemporaryFolder folder;
  tests::write_random_llada_moe(folder.path());
  expect_same_bits(tests::convert_to_gguf(folder.path(), folder, GetParam()), GetParam(), expert_ffn);
}

class SplitFolders : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Formats, SplitFolders, testing::Values(DType::f32, DType::f16, DType::bf16),
                         [](const auto& p) { return unmask::info(p.param).name; });

TEST_P(SplitFolders, HaveTheBitsOfWholeTensors) {
  const TemporaryFolder folder;
  tests::write_random_llada(folder.path(), GetParam());
  expect_same_bits(folder.path(), GetParam(), llada_ffn);
}

TEST_P(SplitFolders, HaveTheBitsOfWholeExperts) {
  const TemporaryFolder folder;
  tests::write_random_llada_moe(folder.path(), GetParam());
  expect_same_bits(folder.path(), GetParam(), expert_ffn);
}

}  // namespace
}  // namespace unmask
