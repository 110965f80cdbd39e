// Properties of every strategy under every cache policy, on a small random model: the suite runs over the
// indexes.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/decoder.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

struct Case {
  std::string strategy, cache, model;
};

// Those that judge drafted tokens, in models whose attention goes by blocks only. They write a token of each
// mask in every round, or in two, whatever the steps, and sample from whole distributions.
bool judges_tokens(std::string_view strategy) { return strategy == "simsd" || strategy == "s2d2"; }

// Every strategy without a cache and with the exact one; the approximate ones, which differ in the rows that
// they compute, with the two samplers they were published for.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const StrategyInfo& s : strategies()) {
    for (const cache::PolicyInfo& p : cache::policies()) {
      // Of a kind of attention that the policy and the strategy serve.
      const char* model = p.name == "block" || judges_tokens(s.name) ? "sdar" : "llada";
      if (p.name == "none" || p.name == "block" || s.name == "vanilla" || s.name == "dream")
        all.push_back({std::string(s.name), std::string(p.name), model});
    }
  }
  // Where rows share experts with the other rows of a pass.
  all.push_back({"vanilla", "none", "llada_moe"});
  all.push_back({"vanilla", "dllm", "llada_moe"});
  all.push_back({"sdar", "block", "llada2"});
  return all;
}

std::string identifier(std::string name) {
  std::ranges::replace(name, '-', '_');
  return name;
}

class Decoding : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const model::Model> model_ = tests::load(tests::golden_folder(GetParam().model.c_str()));

  Options options(std::initializer_list<std::pair<const char*, double>> values) const {
    Options o;
    o.set_text("cache", GetParam().cache);
    if (GetParam().cache == "dkv-greedy") {
      o.set_text("remasking", "random");
      o.set_text("alg", "origin");
    }
    // Of SDAR's rules with fewer steps than tokens, one that depends on nothing but the state of the text.
    if (find_strategy(GetParam().strategy).verifies)
      o.set_text("remasking_strategy", "low_confidence_static");
    o.set_integer("stop_at_end", 0);
    for (const auto& [name, value] : values) {
      if (std::string_view(name) == "block" && model_->config.block_length > 0) continue;
      if (std::string_view(name).starts_with("top_") && judges_tokens(GetParam().strategy)) continue;
      o.set_number(name, value);
    }
    return o;
  }

  std::shared_ptr<Session> session(const Options& o, std::span<const int32_t> prompt) const {
    auto s = std::make_shared<Session>(model_, SessionOptions(o));
    s->set_prompt(prompt);
    return s;
  }

  // Where the strategy needs drafters, the model drafts for itself.
  Decoder decoder(const std::vector<std::shared_ptr<Session>>& sessions) const {
    std::vector<std::shared_ptr<Session>> drafters;
    for (const auto& s : sessions) {
      if (find_strategy(GetParam().strategy).drafters != Drafters::required) break;
      drafters.push_back(std::make_shared<Session>(model_, s->given_options()));
      drafters.back()->set_canvas(s->tokens(), s->prompt_length());
    }
    return Decoder(tests::make_backend(), sessions, GetParam().strategy, drafters);
  }

  // Runs to the end and gives the number of rounds.
  uint32_t run(const std::vector<std::shared_ptr<Session>>& sessions) const {
    Decoder decoder = this->decoder(sessions);
    while (!decoder.step().finished) {
    }
    return decoder.progress().rounds;
  }

  std::vector<int32_t> generate(const Options& o, std::span<const int32_t> prompt) const {
    const auto s = session(o, prompt);
    run({s});
    return {s->tokens().begin(), s->tokens().end()};
  }

  std::vector<int32_t> prompt(size_t length, uint32_t seed) const {
    std::minstd_rand engine(seed);
    std::vector<int32_t> tokens(length);
    for (int32_t& t : tokens) t = static_cast<int32_t>(engine() % 120);
    return tokens;
  }
};

TEST_P(Decoding, FillsEveryMaskWithinItsBudgetAndKeepsThePrompt) {
  const auto p = prompt(11, 1);
  const auto s = session(options({{"length", 21}, {"block", 8}, {"steps", 9}}), p);
  EXPECT_LE(run({s}), judges_tokens(GetParam().strategy) ? 2 * 21 : 9u);
  EXPECT_EQ(s->masks_left(), 0u);
  EXPECT_TRUE(std::ranges::equal(s->tokens().first(11), p));
  EXPECT_EQ(std::ranges::count(s->generated(), s->mask_token()), 0);
  EXPECT_LE(s->statistics().largest_read_back, 4096u);
}

TEST_P(Decoding, NeverEmitsTheMaskToken) {
  const auto tokens =
      generate(options({{"length", 40}, {"block", 0}, {"temperature", 30}, {"seed", 3}}), prompt(3, 2));
  EXPECT_EQ(std::ranges::count(tokens, model_->config.mask_token), 0);
}

TEST_P(Decoding, FillsTheGapsOfACanvasAndKeepsItsSeeds) {
  const auto s = session(options({{"length", 4}, {"block", 8}}), {});
  std::vector<int32_t> canvas = prompt(23, 12);
  for (const size_t gap : {5, 6, 11, 17, 18, 19, 22}) canvas[gap] = s->mask_token();
  s->set_canvas(canvas, 3);
  s->pin({7, 10}, true);
  run({s});
  EXPECT_EQ(s->masks_left(), 0u);
  for (size_t i = 0; i < canvas.size(); ++i) {
    EXPECT_TRUE(canvas[i] == s->mask_token() || s->tokens()[i] == canvas[i]) << i;
  }
}

TEST_P(Decoding, SameSeedSameTokens) {
  const auto p = prompt(5, 3);
  for (const double temperature : {0.0, 1.0}) {
    const Options o = options({{"length", 16}, {"temperature", temperature}, {"seed", 7}});
    EXPECT_EQ(generate(o, p), generate(o, p));
  }
  EXPECT_NE(generate(options({{"length", 16}, {"temperature", 1}, {"seed", 7}}), p),
            generate(options({{"length", 16}, {"temperature", 1}, {"seed", 8}}), p));
}

TEST_P(Decoding, ABatchGivesTheTokensOfEachAlone) {
  const std::vector<Options> all = {
      options({{"length", 13}, {"block", 5}}), options({{"length", 30}, {"temperature", 0.8}, {"seed", 5}}),
      options({{"length", 9}, {"guidance", find_strategy(GetParam().strategy).verifies ? 0 : 1.5}}),
      options({{"length", 17}, {"temperature", 1}, {"top_k", 5}}),
      options({{"length", 17}, {"temperature", 1}, {"top_p", 0.7}, {"steps", 6}})};
  std::vector<std::shared_ptr<Session>> together;
  for (size_t i = 0; i < all.size(); ++i) together.push_back(session(all[i], prompt(4 + 3 * i, 10)));
  run(together);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto alone = generate(all[i], prompt(4 + 3 * i, 10));
    EXPECT_TRUE(std::ranges::equal(together[i]->tokens(), alone)) << "session " << i;
  }
}

// The prompt is empty: some policies never refresh it.
TEST_P(Decoding, RefreshedAtEveryStepItEqualsNoCache) {
  Options o = options({{"length", 24}, {"block", 6}, {"steps", 8}, {"temperature", 0.7}, {"seed", 11}});
  // Fast-dLLM's caches are refreshed with every block.
  if (GetParam().cache == "prefix" || GetParam().cache == "dual") o.set_integer("block", 3);
  for (const char* interval : {"cache_steps", "prompt_interval_steps", "gen_interval_steps"})
    o.set_integer(interval, 1);
  const std::vector<int32_t> cached = generate(o, {});
  o.set_text("cache", "none");
  EXPECT_EQ(cached, generate(o, {}));
}

TEST_P(Decoding, EventsTellTheWholeStory) {
  const auto s = session(options({{"length", 12}, {"steps", 5}}), prompt(6, 4));
  std::vector<int32_t> replayed(s->tokens().begin(), s->tokens().end());
  Decoder decoder = this->decoder({s});
  while (!decoder.step().finished) {
    for (const Event& e : s->take_events()) {
      EXPECT_EQ(replayed[e.position], e.previous);
      EXPECT_LE(e.step, s->statistics().forward_passes);
      replayed[e.position] = e.token;
    }
  }
  for (const Event& e : s->take_events()) replayed[e.position] = e.token;
  EXPECT_TRUE(std::ranges::equal(s->tokens(), replayed));
}

TEST_P(Decoding, MemoryIsKnownBeforeItIsTaken) {
  const auto s = session(options({{"length", 24}, {"block", 8}}), prompt(9, 4));
  Decoder decoder = this->decoder({s});
  const uint64_t before = decoder.memory_bytes();
  const uint64_t keys = 2 * sizeof(float) * 33 * model_->config.kv_heads * model_->config.head_dim;
  EXPECT_GE(before, GetParam().cache == "none" ? keys : keys * model_->config.layers);
  decoder.step();
  EXPECT_EQ(decoder.memory_bytes(), before);
}

TEST_P(Decoding, CancelKeepsWhatWasCommitted) {
  const auto s = session(options({{"length", 12}}), prompt(6, 4));
  Decoder decoder = this->decoder({s});
  decoder.step();
  const uint32_t left = s->masks_left();
  decoder.cancel();
  EXPECT_THROW(decoder.step(), Error);
  EXPECT_EQ(s->masks_left(), left);
}

TEST_P(Decoding, ASessionBelongsToOneDecoderAtATime) {
  const auto s = session(options({{"length", 4}}), prompt(2, 5));
  {
    Decoder decoder = this->decoder({s});
    EXPECT_THROW(this->decoder({s}), Error);
    EXPECT_THROW(s->set_prompt({}), Error);
  }
  EXPECT_THROW(this->decoder({s, s}), Error);
  s->set_prompt(prompt(3, 6));
  run({s});
  EXPECT_EQ(s->masks_left(), 0u);
}

std::string name(const Case& c) { return identifier(c.strategy + "_" + c.cache + "_" + c.model); }

INSTANTIATE_TEST_SUITE_P(Index, Decoding, testing::ValuesIn(cases()),
                         [](const auto& param) { return name(param.param); });

TEST(Vanilla, CountsRowsAndHeadRowsWithoutPadding) {
  const auto model = tests::load(tests::golden_folder("llada"));
  Options o;
  o.set_integer("length", 10);
  o.set_integer("block", 5);
  o.set_integer("stop_at_end", 0);
  const auto s = std::make_shared<Session>(model, SessionOptions(o));
  s->set_prompt(std::vector<int32_t>(7, 1));
  Decoder decoder(tests::make_backend(), {s}, "vanilla");
  while (!decoder.step().finished) {
  }
  EXPECT_EQ(s->statistics().forward_passes, 10u);
  EXPECT_EQ(s->statistics().rows, 10u * 17u);
  EXPECT_EQ(s->statistics().head_rows, 2u * (5 + 4 + 3 + 2 + 1));
  // One layer row: 4 d d + 4 d d_kv + 6 d m, and 4 n d for attention; head 2 d V (specification, 1.3).
  const uint64_t d = 64, m = 160, vocabulary = 128, layers = 3, n = 17;
  const uint64_t matmuls =
      layers * 10 * n * (4 * d * d + 4 * d * d + 6 * d * m + 4 * n * d) + 30 * (2 * d * vocabulary);
  EXPECT_NEAR(static_cast<double>(s->statistics().flops), static_cast<double>(matmuls),
              0.03 * static_cast<double>(matmuls));
}

TEST(Vanilla, StopsAtTheEndToken) {
  const auto model = tests::load(tests::golden_folder("llada"));
  Options o;
  o.set_integer("length", 40);
  o.set_integer("block", 4);
  o.set_number("temperature", 30);  // nearly uniform, so that an end token comes soon
  bool stopped = false;
  for (int seed = 0; seed < 20 && !stopped; ++seed) {
    o.set_integer("seed", seed);
    const auto s = std::make_shared<Session>(model, SessionOptions(o));
    Decoder decoder(tests::make_backend(), {s}, "vanilla");
    while (!decoder.step().finished) {
    }
    stopped = s->statistics().forward_passes < 40;
    if (!stopped) continue;
    const auto end = std::ranges::find(s->generated(), s->end_token());
    ASSERT_NE(end, s->generated().end());
    const auto after = static_cast<size_t>(end - s->generated().begin());
    const size_t block_end = (after / 4 + 1) * 4;
    for (size_t i = block_end; i < 40; ++i) EXPECT_EQ(s->generated()[i], s->end_token());
    EXPECT_EQ(s->answer().size(), after);
  }
  EXPECT_TRUE(stopped);
}

// MDLM's configurations name no end token, but a tokenizer may have a chat layout.
TEST(Vanilla, WithoutAnEndTokenTheTextIsFilledWithTheTokenThatEndedIt) {
  const auto model = model::Loader(tests::golden_folder("mdlm_odd"), tests::make_backend()).finish();
  ASSERT_EQ(model->config.end_token, -1);
  Options o;
  o.set_integer("length", 24);
  o.set_integer("block", 4);
  const auto write = [&] {
    const auto s = std::make_shared<Session>(model, SessionOptions(o));
    Decoder decoder(tests::make_backend(), {s}, "vanilla");
    while (!decoder.step().finished) {
    }
    return s;
  };
  const int32_t turn_end = write()->tokens()[6];
  std::const_pointer_cast<model::Model>(model)->end_of_turn_token = turn_end;
  const auto s = write();
  std::vector<int32_t> expected(24, turn_end);
  const std::vector<Event> events = s->take_events();
  for (const Event& e : events) expected[e.position] = e.token;
  EXPECT_LE(events.size(), 8u);
  EXPECT_TRUE(std::ranges::equal(s->tokens(), expected));
  EXPECT_LE(s->answer().size(), 6u);
}

TEST(Vanilla, SuppressAndPostponeEndTokens) {
  const auto model = tests::load(tests::golden_folder("llada"));
  Options o;
  o.set_integer("length", 40);
  o.set_integer("block", 0);
  o.set_integer("stop_at_end", 0);
  o.set_number("temperature", 30);
  o.set_integer("suppress_end", 1);
  const auto s = std::make_shared<Session>(model, SessionOptions(o));
  Decoder decoder(tests::make_backend(), {s}, "vanilla");
  while (!decoder.step().finished) {
  }
  EXPECT_EQ(std::ranges::count(s->generated(), s->end_token()), 0);
}

TEST(Vanilla, RefusesImpossibleSchedules) {
  const auto model = tests::load(tests::golden_folder("llada"));
  Options o;
  o.set_integer("length", 40);
  o.set_integer("block", 8);
  o.set_integer("steps", 4);
  const auto s = std::make_shared<Session>(model, SessionOptions(o));
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "vanilla"), Error);
  Options longer;
  longer.set_integer("length", 65);
  EXPECT_THROW(Session(model, SessionOptions(longer)), Error);
}

// The strategies that edit tokens, each with a policy and a model for it.
class Editing : public Decoding {
 protected:
  Options editing(double edit_threshold,
                  std::initializer_list<std::pair<const char*, double>> more = {}) const {
    Options o = options({{"length", 20}, {"block", 8}, {"edit_threshold", edit_threshold}});
    for (const auto& [name, value] : more) o.set_number(name, value);
    return o;
  }
};

// No probability is above so high a threshold here: tokens are judged, but stay.
TEST_P(Editing, BelowItsThresholdChangesNoToken) {
  const auto p = prompt(7, 3);
  const auto plain = session(editing(1), p), judged = session(editing(0.9999), p);
  const uint32_t rounds = run({plain});
  EXPECT_EQ(run({judged}), rounds + judged->blocks().size()) << "each block is looked at once more";
  EXPECT_TRUE(std::ranges::equal(plain->tokens(), judged->tokens()));
  EXPECT_EQ(judged->statistics().revisions, 0u);
}

TEST_P(Editing, TellsItsRevisionsAndKeepsThePrompt) {
  const auto p = prompt(7, 3);
  const auto s = session(editing(0), p);
  std::vector<int32_t> replayed(s->tokens().begin(), s->tokens().end());
  Decoder decoder = this->decoder({s});
  uint64_t revisions = 0;
  for (bool finished = false; !finished;) {
    finished = decoder.step().finished;
    for (const Event& e : s->take_events()) {
      EXPECT_EQ(replayed[e.position], e.previous);
      EXPECT_NE(e.token, e.previous);
      EXPECT_NE(e.token, s->mask_token());
      revisions += e.previous != s->mask_token();
      replayed[e.position] = e.token;
    }
  }
  EXPECT_GT(revisions, 0u);
  EXPECT_EQ(s->statistics().revisions, revisions);
  EXPECT_TRUE(std::ranges::equal(s->tokens(), replayed));
  EXPECT_TRUE(std::ranges::equal(s->tokens().first(7), p));
  EXPECT_EQ(s->masks_left(), 0u);
}

TEST_P(Editing, EndsWithinItsStepsAndPostSteps) {
  for (const uint32_t post_steps : {0u, 1u, 3u}) {
    const auto s = session(editing(0, {{"steps", 12}, {"max_post_steps", post_steps}}), prompt(5, 8));
    EXPECT_LE(run({s}), 12 + post_steps * s->blocks().size()) << post_steps;
    EXPECT_EQ(s->masks_left(), 0u);
  }
}

TEST_P(Editing, ABatchGivesTheTokensOfEachAlone) {
  const std::vector<Options> all = {editing(0), editing(1), editing(0.05, {{"temperature", 1}, {"seed", 4}}),
                                    editing(0, {{"guidance", 1.5}, {"max_post_steps", 2}})};
  std::vector<std::shared_ptr<Session>> together;
  for (size_t i = 0; i < all.size(); ++i) together.push_back(session(all[i], prompt(4 + 3 * i, 10)));
  run(together);
  for (size_t i = 0; i < all.size(); ++i) {
    const auto alone = generate(all[i], prompt(4 + 3 * i, 10));
    EXPECT_TRUE(std::ranges::equal(together[i]->tokens(), alone)) << "session " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Strategies, Editing,
                         testing::Values(Case{"vanilla", "none", "llada"}, Case{"vanilla", "dual", "llada"},
                                         Case{"sdar", "none", "sdar"}, Case{"sdar", "block", "llada2"}),
                         [](const auto& param) { return name(param.param); });

TEST(TokenEditing, IsRefusedWhereRowsPredictTheNextToken) {
  Options o;
  o.set_integer("length", 8);
  o.set_number("edit_threshold", 0.5);
  const auto s =
      std::make_shared<Session>(tests::load(tests::golden_folder("fast_dllm_v2")), SessionOptions(o));
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "sdar"), Error);
}

}  // namespace
}  // namespace unmask::decode
