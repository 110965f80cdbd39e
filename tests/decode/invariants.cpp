// Invariants of the cache policies, over their index, on models of several shapes: with fewer heads of keys
// than of queries, with odd sizes, with logits shifted by one, with experts, and on the bundled model.
#include <algorithm>
#include <functional>

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

// One policy must know which positions a step fills before it runs.
bool knows_what_is_filled(const Case& c) { return c.cache == "dkv-greedy"; }

// Two policies never compute the prompt again.
bool freezes_prompt(const Case& c) { return c.cache == "dkv-prefill" || c.cache == "dkv-pd"; }

// For models in which every row sees every key, but for those that `excluded` says.
std::vector<Case> cases(const std::function<bool(const Case&)>& excluded = {}) {
  std::vector<Case> all;
  for (const std::string& model : models()) {
    for (const cache::PolicyInfo& p : cache::policies()) {
      const bool suits = p.name != "block" && (p.name != "dkv-greedy" || model != "dream");
      const Case c = {std::string(p.name), model};
      if (suits && !(excluded && excluded(c))) all.push_back(c);
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

std::string name_of(const testing::TestParamInfo<Case>& param) {
  std::string name = param.param.cache + "_" + param.param.model;
  std::ranges::replace(name, '-', '_');
  return name;
}

// A policy that never computes the prompt again is exact without one, which Dream cannot do.
class Refreshed : public testing::TestWithParam<Case> {};

TEST_P(Refreshed, AtEveryStepItEqualsNoCache) {
  const Case& c = GetParam();
  const Values refreshed = {{"block", 6},       {"steps", 2},
                            {"cache_steps", 1}, {"prompt_interval_steps", 1},
                            {"seed", 3},        {"gen_interval_steps", 1},
                            {"temperature", 1}};
  const uint32_t prompt = freezes_prompt(c) ? 0 : 9;
  EXPECT_EQ(generate(session(c, refreshed, prompt)), generate(session({"none", c.model}, refreshed, prompt)));
}

INSTANTIATE_TEST_SUITE_P(Index, Refreshed, testing::ValuesIn(cases([](const Case& c) {
                           return freezes_prompt(c) && c.model == "dream";
                         })),
                         name_of);

// With a threshold, and in steps that fill nothing, what is filled is not known beforehand.
class Invariants : public testing::TestWithParam<Case> {};

TEST_P(Invariants, WithAnUnreachableThresholdEveryStepFillsOneMask) {
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
  const auto expected = predictions({"none", GetParam().model}, 0);
  ASSERT_EQ(expected.size(), answer);
  for (const uint32_t idle_steps : {1, 3}) EXPECT_EQ(predictions(GetParam(), idle_steps), expected);
}

INSTANTIATE_TEST_SUITE_P(Index, Invariants, testing::ValuesIn(cases(knows_what_is_filled)), name_of);

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
