// Invariants of the cache policies, over their index, on models of several shapes: with fewer heads of keys
// than of queries, with odd sizes, with logits shifted by one, with experts, and on the bundled model.
#include <algorithm>

#include <gtest/gtest.h>

#include "decode/decoder.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

constexpr uint32_t answer = 12;

struct Case {
  std::string cache, model;
};

std::vector<std::string> models() { return {"llada_odd", "llada_grouped", "dream", "llada_moe", "bundled"}; }

std::shared_ptr<const model::Model> load(const std::string& name) {
  if (name != "bundled") return tests::load(tests::golden_folder(name.c_str()));
  return tests::load(std::filesystem::path(UNMASK_REPOSITORY) / "examples/models/word-problems/verifier");
}

// For models in which every row sees every key.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string& model : models()) {
    for (const cache::PolicyInfo& p : cache::policies()) {
      const bool suits = p.name != "block" && (p.name != "dkv-greedy" || model != "dream");
      if (suits) all.push_back({std::string(p.name), model});
    }
  }
  return all;
}

using Values = std::initializer_list<std::pair<const char*, double>>;

std::shared_ptr<Session> session(const Case& c, Values values, uint32_t prompt_length = 9) {
  Options o;
  o.set_text("cache", c.cache);
  if (c.cache == "dkv-greedy") o.set_text("remasking", "random");
  o.set_integer("length", answer);
  o.set_integer("block", 6);
  o.set_integer("stop_at_end", 0);
  for (const auto& [name, value] : values) o.set_number(name, value);
  auto made = std::make_shared<Session>(load(c.model), SessionOptions(o));
  std::vector<int32_t> prompt(prompt_length);
  for (uint32_t i = 0; i < prompt_length; ++i) prompt[i] = static_cast<int32_t>((i * 29 + 5) % 100);
  made->set_prompt(prompt);
  return made;
}

std::vector<int32_t> generate(const std::shared_ptr<Session>& s) {
  Decoder decoder(tests::make_backend(), {s}, "vanilla");
  while (!decoder.step().finished) {
  }
  return {s->tokens().begin(), s->tokens().end()};
}

class Invariants : public testing::TestWithParam<Case> {};

// Two policies never compute the prompt again.
TEST_P(Invariants, RefreshedAtEveryStepItEqualsNoCache) {
  const Case& c = GetParam();
  const bool frozen = c.cache == "dkv-prefill" || c.cache == "dkv-pd";
  if (frozen && c.model == "dream") GTEST_SKIP() << "its prompt cannot be empty";
  const Values refreshed = {{"block", 6},       {"steps", 2},
                            {"cache_steps", 1}, {"prompt_interval_steps", 1},
                            {"seed", 3},        {"gen_interval_steps", 1},
                            {"temperature", 1}};
  const uint32_t prompt = frozen ? 0 : 9;
  EXPECT_EQ(generate(session(c, refreshed, prompt)), generate(session({"none", c.model}, refreshed, prompt)));
}

TEST_P(Invariants, WithAnUnreachableThresholdEveryStepFillsOneMask) {
  if (GetParam().cache == "dkv-greedy") GTEST_SKIP() << "it must know what is filled";
  const auto s = session(GetParam(), {{"threshold", 1}});
  generate(s);
  EXPECT_EQ(s->statistics().forward_passes, answer);
}

// Positions and tokens in the order of their confidence, of a step that fills the whole answer after some
// that fill nothing.
std::vector<std::pair<uint32_t, int32_t>> predictions(const Case& c, uint32_t idle_steps) {
  const auto s = session(c, {{"keep_ratio", 1}, {"temperature", 0.3}});
  const auto backend = tests::make_backend();
  Session* const sessions[] = {s.get()};
  Denoiser denoiser(*backend, sessions, {.candidates = answer});
  const Window window = {s->prompt_length(), s->length()};
  Request request{
      .session = 0, .window = window, .positions = masked_positions(*s, window), .commitment = {}};
  for (uint32_t i = 0; i < idle_steps; ++i) denoiser.step({&request, 1});
  EXPECT_EQ(s->masks_left(), answer);
  request.commitment.at_least = answer;
  denoiser.step({&request, 1});
  std::vector<std::pair<uint32_t, int32_t>> commits;
  for (const Event& e : s->take_events()) commits.emplace_back(e.position, e.token);
  return commits;
}

// The kept keys, values and features are those of the very canvas, so that nothing is approximated.
TEST_P(Invariants, WhileNothingChangesItPredictsWhatNoCacheDoes) {
  if (GetParam().cache == "dkv-greedy") GTEST_SKIP() << "it must know what is filled";
  const auto expected = predictions({"none", GetParam().model}, 0);
  ASSERT_EQ(expected.size(), answer);
  for (const uint32_t idle_steps : {1, 3}) EXPECT_EQ(predictions(GetParam(), idle_steps), expected);
}

INSTANTIATE_TEST_SUITE_P(Index, Invariants, testing::ValuesIn(cases()), [](const auto& param) {
  std::string name = param.param.cache + "_" + param.param.model;
  std::ranges::replace(name, '-', '_');
  return name;
});

// dLLM-Cache that selects every row is one that computes the answer in every step.
TEST(DllmCache, WithAllRowsSelectedTheAnswerIsAlwaysFresh) {
  for (const std::string& model : models()) {
    const Case c = {"dllm", model};
    EXPECT_EQ(generate(session(c, {{"gen_interval_steps", 1000}, {"transfer_ratio", 1}})),
              generate(session(c, {{"gen_interval_steps", 1}})))
        << model;
  }
}

}  // namespace
}  // namespace unmask::decode
