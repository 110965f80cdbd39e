// The counted work of every cache policy against the cost formulas, on a model of LLaDA-8B's shape that is
// recorded and counted, never run. Per layer and row: 8 d^2 + 6 d m, and 4 d for each key attended to.
#include <cmath>
#include <cstdlib>
#include <functional>

#include <gtest/gtest.h>

#include "decode/decoder.h"
#include "support/counting_backend.h"

namespace unmask::decode {
namespace {

using tests::CountingBackend;

constexpr double d = 4096, m = 12288, layers = 32, vocabulary = 126464;

model::ModelConfig llada_8b() {
  model::ModelConfig c;
  c.architecture = "llada";
  c.layers = 32, c.hidden = 4096, c.heads = 32, c.kv_heads = 32, c.head_dim = 128, c.ffn = 12288;
  c.vocabulary = 126464, c.positions = 8192, c.rope_theta = 500000, c.norm_eps = 1e-5;
  c.mask_token = 126336, c.end_token = 126081;
  return c;
}

// Tensors of the right size whose bytes nobody reads.
class Unread final : public model::TensorSource {
 public:
  bool has(const std::string&) const override { return true; }
  model::SourceTensor at(const std::string&, std::span<const uint64_t> shape) override {
    uint64_t bytes = 2;
    for (const uint64_t n : shape) bytes *= n;
    const std::shared_ptr<void> memory(std::calloc(bytes, 1), std::free);
    return {DType::f16, {static_cast<const std::byte*>(memory.get()), bytes}, memory};
  }
};

std::shared_ptr<const model::Model> unread_model() {
  static const std::shared_ptr<const model::Model> loaded = [] {
    CountingBackend backend;
    Unread source;
    model::Uploader uploader(backend, source);
    auto model = std::make_shared<model::Model>();
    model->config = llada_8b();
    model->network = model::find_architecture("llada").load(model->config, uploader);
    return model;
  }();
  return loaded;
}

struct Text {
  double prompt, answer, block;
  double length() const { return prompt + answer; }
};

// One layer over `rows` rows that attend to all keys.
double layer(double rows, const Text& t) { return rows * (8 * d * d + 6 * d * m + 4 * d * t.length()); }

struct Counted {
  double flops;  // of the layers
  uint64_t rows, passes;
};

// One token per step.
Counted count(const Text& t, std::initializer_list<std::pair<const char*, double>> options,
              const char* cache) {
  Options o;
  o.set_text("cache", cache);
  o.set_integer("length", static_cast<int64_t>(t.answer));
  o.set_integer("block", static_cast<int64_t>(t.block));
  if (std::string_view(cache) == "dkv-greedy") o.set_text("remasking", "random");
  for (const auto& [name, value] : options) o.set_number(name, value);
  const auto session = std::make_shared<Session>(unread_model(), SessionOptions(o));
  session->set_prompt(std::vector<int32_t>(static_cast<size_t>(t.prompt), 1));
  Decoder decoder(std::make_unique<CountingBackend>(), {session}, "vanilla");
  while (!decoder.step().finished) {
  }
  const Statistics& s = session->statistics();
  const double head = static_cast<double>(s.head_rows) * 2 * d * vocabulary;
  return {static_cast<double>(s.flops) - head, s.rows, s.forward_passes};
}

// Sums what each step of a block costs, over all blocks and their steps.
double over_steps(const Text& t, const std::function<double(double block_begin, uint32_t step)>& cost) {
  double sum = 0;
  for (double begin = t.prompt; begin < t.length(); begin += t.block)
    for (uint32_t step = 0; step < static_cast<uint32_t>(t.block); ++step) sum += cost(begin, step);
  return sum;
}

void expect_within_a_percent(double counted, double expected) { EXPECT_NEAR(counted / expected, 1, 0.01); }

const Text text = {.prompt = 480, .answer = 64, .block = 32};

TEST(Accounting, NoCache) {
  expect_within_a_percent(count(text, {}, "none").flops, over_steps(text, [](double, uint32_t) {
                            return layers * layer(text.length(), text);
                          }));
}

TEST(Accounting, FastDllm) {
  const auto expected = [](bool whole_suffix) {
    return over_steps(text, [=](double begin, uint32_t step) {
      const double rows = step == 0 ? text.length() : whole_suffix ? text.length() - begin : text.block;
      return layers * layer(rows, text);
    });
  };
  expect_within_a_percent(count(text, {}, "prefix").flops, expected(true));
  expect_within_a_percent(count(text, {}, "dual").flops, expected(false));
}

TEST(Accounting, DkvCache) {
  // One token per step: before the step before, `begin - prompt + step - 1` tokens of the answer were known.
  const auto rows_left = [](double begin, uint32_t step) { return text.length() - begin - (step - 1); };
  expect_within_a_percent(count(text, {}, "dkv-decode").flops,
                          over_steps(text, [&](double begin, uint32_t step) {
                            const bool whole = step < 2 || step % 8 == 0;
                            return layers * layer(whole ? text.length() : rows_left(begin, step), text);
                          }));
  expect_within_a_percent(count(text, {}, "dkv-prefill").flops,
                          over_steps(text, [](double begin, uint32_t step) {
                            const bool first = begin == text.prompt && step == 0;
                            return layers * layer(first ? text.length() : text.answer, text);
                          }));
  expect_within_a_percent(count(text, {}, "dkv-pd").flops, over_steps(text, [&](double begin, uint32_t step) {
                            const bool first = begin == text.prompt && step == 0;
                            if (first) return layers * layer(text.length(), text);
                            const bool whole = step < 2 || step % 8 == 0;
                            return layers * layer(whole ? text.answer : rows_left(begin, step), text);
                          }));
}

TEST(Accounting, DkvGreedyComputesAFewRowsPerStep) {
  const Counted greedy = count(text, {{"cache_steps", 1 << 20}}, "dkv-greedy");
  // Two whole passes; otherwise the row to fill, the one filled before, and at most four neighbours.
  EXPECT_LE(greedy.rows, 2 * text.length() + (text.answer - 2) * 6);
  EXPECT_GE(greedy.rows, 2 * text.length() + (text.answer - 2) * 2);
}

TEST(Accounting, SparseDllm) {
  const double others = text.length() - text.block;
  expect_within_a_percent(count(text, {}, "sparse").flops, over_steps(text, [&](double, uint32_t step) {
                            if (step < 2) return layers * layer(text.length(), text);
                            const double keys = text.block + others / 2;
                            return layers * text.block * (8 * d * d + 6 * d * m + 4 * d * keys);
                          }));
}

// Steps are counted over the whole text. Selected rows need no values any more, for all rows had them
// computed.
double dllm_step(const Text& t, uint32_t step, uint32_t prompt_interval, uint32_t answer_interval,
                 double ratio) {
  const double prompt = step % prompt_interval == 0 ? t.prompt : 0;
  const double first = layer(prompt + t.answer, t);
  if (step % answer_interval == 0) return first * layers;
  const double selected = std::floor(ratio * t.answer);
  const double adaptive = t.answer * 2 * d * d + selected * (6 * d * d + 6 * d * m + 4 * d * t.length());
  return first + (layers - 1) * (layer(prompt, t) + adaptive);
}

double dllm(const Text& t, uint32_t prompt_interval, uint32_t answer_interval, double ratio) {
  double sum = 0;
  for (uint32_t step = 0; step < static_cast<uint32_t>(t.answer); ++step)
    sum += dllm_step(t, step, prompt_interval, answer_interval, ratio);
  return sum;
}

TEST(Accounting, DllmCache) {
  expect_within_a_percent(count(text, {}, "dllm").flops, dllm(text, 100, 7, 0.25));
  expect_within_a_percent(
      count(text, {{"prompt_interval_steps", 10}, {"gen_interval_steps", 4}, {"transfer_ratio", 0.5}}, "dllm")
          .flops,
      dllm(text, 10, 4, 0.5));
}

// The second pass of guidance has features of its own, and counts its own steps: here the first five, and
// three more.
TEST(Accounting, DllmCacheWithGuidance) {
  double second_passes = 0;
  for (uint32_t step = 0; step < 5 + 3; ++step) second_passes += dllm_step(text, step, 100, 7, 0.25);
  expect_within_a_percent(count(text, {{"guidance", 1.5}, {"cfg_interval_steps", 16}}, "dllm").flops,
                          dllm(text, 100, 7, 0.25) + second_passes);
}

// HotpotQA's published settings. The published figure counts the prompt's rows in the first layer of every
// step; here they enter only when they are refreshed, which changes no token.
TEST(Accounting, DllmCacheNeedsANinthOnALongPrompt) {
  const Text t = {.prompt = 4096, .answer = 64, .block = 64};
  const double whole = t.answer * layers * layer(t.length(), t);
  const double counted = count(t, {{"prompt_interval_steps", 100}, {"gen_interval_steps", 8}}, "dllm").flops;
  expect_within_a_percent(counted, dllm(t, 100, 8, 0.25));
  double published = 0;
  for (uint32_t step = 0; step < 64; ++step)
    published += dllm_step(t, step, 100, 8, 0.25) + (step == 0 ? 0 : layer(t.prompt, t));
  EXPECT_GE(whole / published, 9);
  EXPECT_GE(whole / counted, 9);
  RecordProperty("published_ratio", std::to_string(whole / published));
  RecordProperty("ratio", std::to_string(whole / counted));
}

}  // namespace
}  // namespace unmask::decode
