// Strategies that judge drafted tokens, simsd and s2d2: against independent NumPy implementations
// (tests/tools/judging_reference.py), and by what must hold whatever the models say.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "decode/references.h"
#include "decode/texts.h"
#include "support/expect_error.h"

namespace unmask::decode {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Texts = std::initializer_list<std::pair<const char*, const char*>>;
using Numbers = std::initializer_list<std::pair<const char*, double>>;

std::shared_ptr<const model::Model> sdar() { return golden("sdar"); }

Options options(Texts texts, Numbers numbers) {
  Options o;
  o.set_text("cache", "block");
  o.set_text("remasking_strategy", "low_confidence_static");
  for (const auto& [name, value] : texts) o.set_text(name, value);
  for (const auto& [name, value] : numbers) o.set_number(name, value);
  return o;
}

// Texts of seeds from 0 on, each drafted by one layer of the model where the strategy needs a drafter.
std::vector<std::shared_ptr<Session>> write_many(const char* strategy, Options o) {
  std::vector<std::shared_ptr<Session>> texts, drafters;
  for (int seed = 0; seed < 200; ++seed) {
    o.set_integer("seed", seed);
    texts.push_back(session(sdar(), o, {1, 2}));
    if (std::string_view(strategy) == "simsd") drafters.push_back(session(shortened("sdar", 1), o, {1, 2}));
  }
  run(Decoder(tests::make_backend(), texts, strategy, drafters));
  for (const auto& s : texts) EXPECT_EQ(s->masks_left(), 0u);
  return texts;
}

// Where in their blocks the first end tokens of texts stand; behind such a block there is nothing else.
std::array<uint32_t, 4> places_of_ends(const std::vector<std::shared_ptr<Session>>& texts) {
  std::array<uint32_t, 4> ends = {};
  for (const auto& s : texts) {
    const size_t end = 2 + s->answer().size();
    if (end == s->length()) continue;
    ++ends[end % 4];
    const auto rest = s->tokens().subspan((end / 4 + 1) * 4);
    EXPECT_EQ(static_cast<size_t>(std::ranges::count(rest, s->end_token())), rest.size());
  }
  return ends;
}

std::vector<int32_t> prompt(size_t length, int32_t first) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < length; ++i) tokens.push_back(static_cast<int32_t>(first + 7 * i) % 180);
  return tokens;
}

// --- the references -----------------------------------------------------------------------------------

// Decodes and gives what each round has judged, accepted and written, but for rounds that only draft.
json rounds(Decoder& decoder, const Session& s) {
  json all = json::array();
  for (bool finished = false; !finished;) {
    const std::vector<int32_t> before(s.tokens().begin(), s.tokens().end());
    const Statistics old = s.statistics();
    finished = decoder.step().finished;
    json tokens = json::array();
    for (uint32_t p = 0; p < s.length(); ++p)
      if (s.tokens()[p] != before[p]) tokens.push_back({p, s.tokens()[p]});
    if (!tokens.empty())
      all.push_back({{"drafted", s.statistics().drafted - old.drafted},
                     {"accepted", s.statistics().accepted - old.accepted},
                     {"tokens", tokens}});
  }
  return all;
}

void expect_the_references_rounds(const json& c, const std::string& name, const std::string& strategy,
                                  const char* cache) {
  const std::string what = fmt::format("{} {} {} {}", name, strategy, cache, c["options"].dump());
  const auto model = golden(name.c_str());
  const auto p = c["prompt"].get<std::vector<int32_t>>();
  const Options o = options_of(c["options"], cache);
  const auto s = session(model, o, p);
  std::vector<std::shared_ptr<Session>> drafters;
  if (strategy == "simsd") drafters.push_back(session(shortened(name, c["options"]["layers"]), o, p));
  Decoder decoder(tests::make_backend(), {s}, strategy, drafters);
  EXPECT_EQ(rounds(decoder, *s), c["rounds"]) << what;
  EXPECT_TRUE(std::ranges::equal(s->tokens(), c["ids"].get<std::vector<int32_t>>())) << what;
}

TEST(JudgedDrafts, AreJudgedAsByTheReferences) {
  size_t cases = 0;
  const json all = read_reference("judging.json");
  for (const json& m : all["models"]) {
    for (const json& c : m["cases"]) {
      expect_the_references_rounds(c, m["model"], m["strategy"], cases % 2 == 0 ? "none" : "block");
      ++cases;
    }
  }
  EXPECT_GE(cases, 45u);
}

// --- SimSD --------------------------------------------------------------------------------------------

// With one layer no judged token reaches its own row, and rows see exactly what plain decoding's did.
TEST(SimSD, IsExactWithOneLayer) {
  const auto model = shortened("sdar", 1);
  for (const double temperature : {0.0, 1.0}) {
    for (const char* reveal : {"low_confidence_static", "low_confidence_dynamic"}) {
      for (size_t length = 0; length < 5; ++length) {
        const Options o =
            options({{"remasking_strategy", reveal}},
                    {{"length", 19}, {"temperature", temperature}, {"confidence_threshold", 0.2}});
        const auto s = session(model, o, prompt(length, 3)), drafter = session(model, o, prompt(length, 3));
        const uint32_t rounds = run(Decoder(tests::make_backend(), {s}, "simsd", {drafter}));
        EXPECT_EQ(s->statistics().accepted, s->statistics().drafted) << length << reveal << temperature;
        EXPECT_EQ(rounds, s->statistics().forward_passes);
        if (temperature > 0) continue;
        const auto plain = session(model, o, prompt(length, 3));
        run(Decoder(tests::make_backend(), {plain}, "sdar"));
        EXPECT_TRUE(std::ranges::equal(s->tokens(), plain->tokens()));
      }
    }
  }
}

// The mask leaks, so a model does not always agree with itself.
TEST(SimSD, AcceptsMostOfWhatTheVerifierItselfDrafts) {
  uint64_t drafted = 0, accepted = 0;
  for (int32_t i = 0; i < 12; ++i) {
    const Options o = options({}, {{"length", 24}, {"stop_at_end", 0}});
    const auto s = session(sdar(), o, prompt(5 + i % 4, i)),
               drafter = session(sdar(), o, prompt(5 + i % 4, i));
    run(Decoder(tests::make_backend(), {s}, "simsd", {drafter}));
    drafted += s->statistics().drafted;
    accepted += s->statistics().accepted;
  }
  std::printf("accepted %llu of %llu tokens that the verifier drafted itself\n",
              static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(drafted));
  EXPECT_GT(accepted, drafted / 2);
  EXPECT_LE(accepted, drafted);
}

TEST(SimSD, ABlockOfThirtyTwoIsTheLargest) {
  const Options o = options({}, {{"length", 30}, {"block", 32}, {"stop_at_end", 0}});
  const auto s = session(sdar(), o, {1, 2}), drafter = session(shortened("sdar", 1), o, {1, 2});
  run(Decoder(tests::make_backend(), {s}, "simsd", {drafter}));
  EXPECT_EQ(s->masks_left(), 0u);
}

// An end token anywhere in a block, accepted or as a correction, ends the text there.
TEST(JudgedDrafts, EndWithTheFirstEndToken) {
  for (const char* strategy : {"simsd", "s2d2"})
    for (const uint32_t count :
         places_of_ends(write_many(strategy, options({}, {{"length", 20}, {"temperature", 30}}))))
      EXPECT_GT(count, 0u) << strategy;
}

TEST(SimSD, TheGateKeepsImprobableEndsOut) {
  for (const double gate : {0.0, 0.9}) {
    uint64_t corrected_to_end = 0;
    const Options o =
        options({}, {{"length", 20}, {"temperature", 3}, {"stop_at_end", 0}, {"eos_min_prob", gate}});
    for (const auto& s : write_many("simsd", o))
      for (const Event& e : s->take_events())
        corrected_to_end += e.kind == EventKind::rejected && e.token == s->end_token();
    EXPECT_EQ(corrected_to_end > 0, gate == 0) << gate;
  }
}

std::string refusal(const std::string& strategy, const char* model, Texts texts, Numbers numbers,
                    Numbers drafter_numbers = {}) {
  const auto loaded = golden(model);
  const bool by_blocks = loaded->config.block_length > 0;
  Options o = options({{"cache", by_blocks ? "block" : "none"}}, {{"length", 8}});
  for (const auto& [name, value] : texts) o.set_text(name, value);
  for (const auto& [name, value] : numbers) o.set_number(name, value);
  Options of_drafter = o;
  for (const auto& [name, value] : drafter_numbers) of_drafter.set_number(name, value);
  std::vector<std::shared_ptr<Session>> drafters;
  if (strategy == "simsd") drafters.push_back(session(loaded, of_drafter, {1, 2}));
  return tests::sentence_of([&] {
    Decoder(tests::make_backend(), {session(loaded, o, {1, 2})}, strategy, drafters);
  });
}

TEST(JudgedDrafts, RefuseWhatTheyCannotJudge) {
  for (const char* strategy : {"simsd", "s2d2"}) {
    EXPECT_THAT(refusal(strategy, "llada", {}, {}), HasSubstr("causal between blocks"));
    EXPECT_THAT(refusal(strategy, "fast_dllm_v2", {}, {}), HasSubstr("causal between blocks"));
    EXPECT_THAT(refusal(strategy, "sdar", {}, {{"block", 33}}), HasSubstr("at most 32 tokens, not of 33"));
    EXPECT_THAT(refusal(strategy, "sdar", {}, {{"guidance", 1}}), HasSubstr("guidance"));
    EXPECT_THAT(refusal(strategy, "sdar", {}, {{"edit_threshold", 0.5}}), HasSubstr("edit_threshold"));
    EXPECT_THAT(refusal(strategy, "sdar", {}, {{"temperature", 1}, {"top_p", 0.9}}), HasSubstr("top_p"));
    EXPECT_EQ(refusal(strategy, "sdar", {{"acceptance", "greedy_match"}}, {{"temperature", 1}, {"top_k", 9}}),
              "(no error)");
  }
  EXPECT_THAT(refusal("simsd", "sdar", {{"acceptance", "mrs"}}, {}), HasSubstr("set a temperature"));
  EXPECT_THAT(refusal("simsd", "sdar", {}, {{"temperature", 1}}, {{"temperature", 0.5}}),
              HasSubstr("temperature of 1"));
  EXPECT_THAT(refusal("s2d2", "sdar", {}, {{"sub_block", 2}}), HasSubstr("sub_block"));
  EXPECT_EQ(refusal("s2d2", "sdar", {{"acceptance", "mrs"}}, {}), "(no error)");
}

// --- S2D2 ---------------------------------------------------------------------------------------------

Statistics cost(Texts texts, Numbers numbers) {
  const auto s = session(sdar(), options(texts, numbers), prompt(6, 9));
  s->set_prompt(prompt(6, 9));
  run(Decoder(tests::make_backend(), {s}, "s2d2"));
  EXPECT_EQ(s->masks_left(), 0u);
  return s->statistics();
}

// With nothing verified and no threshold it is the sampler of sdar.
TEST(S2D2, WithoutVerificationIsPlainDecoding) {
  for (const char* reveal :
       {"sequential", "low_confidence_static", "low_confidence_dynamic", "entropy_bounded"}) {
    for (const double temperature : {0.0, 0.8}) {
      const double threshold = std::string_view(reveal) == "low_confidence_dynamic" ? 0.2 : 1;
      const Options o = options({{"remasking_strategy", reveal}, {"acceptance", "greedy_match"}},
                                {{"length", 22},
                                 {"temperature", temperature},
                                 {"confidence_threshold", threshold},
                                 {"entropy_bound", 4},
                                 {"min_span_length", 99}});
      const auto plain = session(sdar(), o, prompt(6, 9)), s = session(sdar(), o, prompt(6, 9));
      run(Decoder(tests::make_backend(), {plain}, "sdar"));
      run(Decoder(tests::make_backend(), {s}, "s2d2"));
      EXPECT_TRUE(std::ranges::equal(plain->tokens(), s->tokens())) << reveal << temperature;
      EXPECT_EQ(plain->statistics().forward_passes, s->statistics().forward_passes) << reveal;
      EXPECT_EQ(s->statistics().drafted, 0u);
    }
  }
}

TEST(S2D2, RoutesByScore) {
  const Numbers most = {{"length", 22}, {"stop_at_end", 0}, {"score_threshold", 1e6}, {"hysteresis_on", 1e6}};
  EXPECT_EQ(cost({{"verify_policy", "score_threshold"}}, most).drafted, 0u);
  EXPECT_EQ(cost({{"verify_policy", "score_hysteresis"}}, most).drafted, 0u);
  const Numbers least = {{"length", 22},
                         {"stop_at_end", 0},
                         {"score_threshold", -1e6},
                         {"hysteresis_on", -1e6},
                         {"hysteresis_off", -1e6}};
  const uint64_t always = cost({}, {{"length", 22}, {"stop_at_end", 0}}).drafted;
  EXPECT_GT(always, 0u);
  EXPECT_EQ(cost({{"verify_policy", "score_threshold"}}, least).drafted, always);
  EXPECT_EQ(cost({{"verify_policy", "score_hysteresis"}}, least).drafted, always);
}

}  // namespace
}  // namespace unmask::decode
