// Two models that take turns, against each of them alone, and against a decode that begins anew with every
// switch.
#include "decode/model_turns.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/decoder.h"
#include "support/engine.h"
#include "support/expect_error.h"

namespace unmask::decode {
namespace {

using Numbers = std::vector<std::pair<const char*, double>>;
using Texts = std::vector<std::shared_ptr<Session>>;

// Models of one vocabulary, one of them in the light role.
struct Case {
  const char *heavy, *light, *strategy, *cache;
  Numbers numbers = {};
};

constexpr uint32_t prompt_length = 5, length = 24;

Options options(const Case& c, const char* schedule) {
  Options o;
  o.set_text("cache", c.cache);
  o.set_text("schedule", schedule);
  o.set_text("remasking_strategy", "low_confidence_static");
  if (std::string_view(c.cache) == "dkv-greedy") o.set_text("remasking", "random");
  o.set_integer("length", length);
  o.set_integer("block", std::string_view(c.strategy) == "sdar" ? 4 : 6);
  o.set_integer("stop_at_end", 0);
  o.set_integer("seed", 5);
  o.set_number("temperature", 1);
  for (const auto& [name, value] : c.numbers) o.set_number(name, value);
  return o;
}

std::shared_ptr<Session> text(const char* model, const Options& o) {
  auto s = std::make_shared<Session>(tests::load(tests::golden_folder(model)), SessionOptions(o));
  s->set_prompt(std::vector<int32_t>{7, 21, 3, 100, 64});
  return s;
}

void run(const Case& c, const Texts& heavies, const Texts& lights = {}) {
  Decoder decoder(tests::make_backend(), heavies, c.strategy, lights);
  while (!decoder.step().finished) {
  }
}

struct Pair {
  std::shared_ptr<Session> heavy, light;
};

Pair run_scheduled(const Case& c, const char* schedule) {
  const Options o = options(c, schedule);
  Pair pair = {text(c.heavy, o), text(c.light, o)};
  run(c, {pair.heavy}, {pair.light});
  return pair;
}

std::shared_ptr<Session> run_plain(const Case& c, const char* model) {
  const auto s = text(model, options(c, ""));
  run(c, {s});
  return s;
}

std::vector<int32_t> tokens_of(const Session& s) { return {s.tokens().begin(), s.tokens().end()}; }

std::string name_of(const Case& c) {
  std::string name = std::string(c.strategy) + "_" + c.cache + "_" + c.heavy;
  for (const auto& [option, value] : c.numbers) name += std::string("_") + option;
  std::ranges::replace(name, '-', '_');
  return name;
}

class Turns : public testing::TestWithParam<Case> {};

TEST_P(Turns, OfTheHeavyModelAloneAreNoSchedule) {
  const Pair pair = run_scheduled(GetParam(), "H");
  const auto plain = run_plain(GetParam(), GetParam().heavy);
  EXPECT_EQ(tokens_of(*pair.heavy), tokens_of(*plain));
  EXPECT_EQ(pair.heavy->statistics().flops, plain->statistics().flops);
  EXPECT_EQ(pair.light->statistics().forward_passes, 0u);
}

TEST_P(Turns, OfTheLightModelAloneAreItsDecoding) {
  const Pair pair = run_scheduled(GetParam(), "L");
  const auto plain = run_plain(GetParam(), GetParam().light);
  EXPECT_EQ(tokens_of(*pair.heavy), tokens_of(*plain));
  EXPECT_EQ(pair.light->statistics().flops, plain->statistics().flops);
  EXPECT_EQ(pair.heavy->statistics().forward_passes, 0u);
  EXPECT_NE(tokens_of(*pair.heavy), tokens_of(*run_plain(GetParam(), GetParam().heavy)));
}

// Switches fall on the beginnings of blocks, where Fast-dLLM's caches are computed anew in any case.
TEST_P(Turns, OfOneModelInBothRolesAreItsDecoding) {
  Case c = GetParam();
  c.light = c.heavy;
  const std::string_view cache = c.cache;
  if (cache != "none" && cache != "block" && cache != "prefix" && cache != "dual") return;
  const Pair pair = run_scheduled(c, "L0.25,H0.5,L0.25");
  EXPECT_EQ(tokens_of(*pair.heavy), tokens_of(*run_plain(c, c.heavy)));
  EXPECT_GT(pair.light->statistics().forward_passes, 0u);
  EXPECT_GT(pair.heavy->statistics().forward_passes, 0u);
}

// Events of both models' steps replay to the text.
TEST_P(Turns, TellTheWholeStory) {
  const Pair pair = run_scheduled(GetParam(), "L0.25,H0.25,L0.25,H0.25");
  std::vector<int32_t> replayed(pair.heavy->length(), pair.heavy->mask_token());
  std::ranges::copy(pair.heavy->tokens().first(prompt_length), replayed.begin());
  for (const Event& e : pair.heavy->take_events()) {
    EXPECT_EQ(replayed[e.position], e.previous);
    replayed[e.position] = e.token;
  }
  EXPECT_EQ(tokens_of(*pair.heavy), replayed);
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, Turns,
    testing::Values(Case{"llada_odd", "llada_moe", "vanilla", "none"},
                    Case{"llada_odd", "llada_moe", "vanilla", "none", {{"guidance", 1.5}}},
                    Case{"llada_odd", "llada_moe", "vanilla", "none", {{"edit_threshold", 0.02}}},
                    Case{"llada_odd", "llada_moe", "vanilla", "none", {{"threshold", 0.05}}},
                    Case{"llada_odd", "llada_moe", "vanilla", "prefix"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dual"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dllm"},
                    Case{"llada_odd", "llada_moe", "dream", "none"},
                    Case{"llada_odd", "llada_moe", "ancestral", "none"},
                    Case{"llada_odd", "llada_moe", "first_hitting", "none"},
                    Case{"sdar", "llada2", "sdar", "none"}, Case{"sdar", "llada2", "sdar", "block"},
                    Case{"sdar", "llada2", "sdar", "block", {{"guidance", 1.5}}}),
    [](const auto& p) { return name_of(p.param); });

// A decode in which whoever takes over begins anew on the canvas, and so has nothing from before. Samplers
// whose steps are a function of the canvas alone can be begun anew.
std::vector<int32_t> begun_anew(const Case& c, const std::string& models) {
  std::vector<int32_t> canvas = tokens_of(*text(c.heavy, options(c, "")));
  for (size_t begin = 0; begin < models.size();) {
    const size_t end = std::min(models.find_first_not_of(models[begin], begin), models.size());
    const auto s = text(models[begin] == 'L' ? c.light : c.heavy, options(c, ""));
    s->set_canvas(canvas, prompt_length);
    Decoder decoder(tests::make_backend(), {s}, c.strategy);
    for (; begin < end; ++begin) decoder.step();
    canvas = tokens_of(*s);
  }
  return canvas;
}

class Switches : public testing::TestWithParam<Case> {};

// In the midst of blocks, one of them after a single step, and back to a model that has kept something.
TEST_P(Switches, UseNothingKeptFromBefore) {
  const Pair pair = run_scheduled(GetParam(), "H3,L5,H1,L7,H6,L2");
  EXPECT_EQ(tokens_of(*pair.heavy), begun_anew(GetParam(), "HHHLLLLLHLLLLLLLHHHHHHLL"));
  EXPECT_EQ(pair.heavy->statistics().forward_passes, 10u);
  EXPECT_EQ(pair.light->statistics().forward_passes, 14u);
}

INSTANTIATE_TEST_SUITE_P(
    Caches, Switches,
    testing::Values(Case{"llada_odd", "llada_moe", "vanilla", "none"},
                    Case{"llada_odd", "llada_moe", "vanilla", "prefix"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dual"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dual", {{"guidance", 1.5}}},
                    Case{"llada_odd", "llada_moe", "vanilla", "dkv-decode"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dkv-greedy"},
                    Case{"llada_odd", "llada_moe", "vanilla", "dllm"},
                    Case{"llada_odd", "llada_moe", "vanilla", "sparse"},
                    Case{"llada_odd", "llada_moe", "first_hitting", "none"}),
    [](const auto& p) { return name_of(p.param); });

// The prompt ends within a block, so that the first has three masks, and the last one too.
TEST(ModelTurns, OfBlocksKeepOnlyWhatIsFinished) {
  for (const char* cache : {"none", "block"}) {
    const Case c = {"sdar", "llada2", "sdar", cache};
    const Pair pair = run_scheduled(c, "H0.5,L0.5");
    std::string models = "HLL";  // the middle of three counts as the second half's
    for (int block = 0; block < 6; ++block) models += "HHLL";
    EXPECT_EQ(tokens_of(*pair.heavy), begun_anew(c, models)) << cache;
  }
}

TEST(ModelTurns, OfABatchAreThoseOfEachAlone) {
  const Case c = {"llada_odd", "llada_moe", "vanilla", "dual"};
  const std::vector<const char*> schedules = {"L", "H4,L16,H4", "sandwich:0.5", "H"};
  Texts heavies, lights;
  for (const char* schedule : schedules) {
    heavies.push_back(text(c.heavy, options(c, schedule)));
    lights.push_back(text(c.light, options(c, schedule)));
  }
  run(c, heavies, lights);
  for (size_t i = 0; i < schedules.size(); ++i) {
    const Pair alone = run_scheduled(c, schedules[i]);
    EXPECT_EQ(tokens_of(*heavies[i]), tokens_of(*alone.heavy)) << schedules[i];
    EXPECT_EQ(lights[i]->statistics().flops, alone.light->statistics().flops) << schedules[i];
  }
}

// A pass of MDLM over n positions: 12 d d + 2 n d multiply-adds for each row in each block, and d V for the
// one row that is revealed. Norms and softmax come to some percent in so narrow a model.
TEST(ModelTurns, CostWhatTheirPassesCost) {
  const Case c = {"mdlm", "mdlm", "first_hitting", "none", {{"length", 19}}};
  const Pair pair = run_scheduled(c, "sandwich:0.5");
  const double n = 24, d = 64, vocabulary = 128, blocks = 3;
  const double pass = 2 * (n * blocks * (12 * d * d + 2 * n * d) + d * vocabulary);
  for (const auto& [session, passes] : {std::pair(pair.heavy, 9), std::pair(pair.light, 10)}) {
    EXPECT_EQ(session->statistics().forward_passes, static_cast<uint64_t>(passes));
    EXPECT_NEAR(static_cast<double>(session->statistics().flops), passes * pass, 0.05 * passes * pass);
  }
  const auto plain = run_plain(c, "mdlm");
  EXPECT_EQ(pair.heavy->statistics().flops + pair.light->statistics().flops, plain->statistics().flops);
}

TEST(ModelTurns, AreRefusedWithoutAScheduleOrAModel) {
  const Case c = {"llada_odd", "llada_moe", "vanilla", "none"};
  using testing::HasSubstr;
  using tests::sentence_of;
  EXPECT_THAT(sentence_of([&] { run_scheduled(c, ""); }), HasSubstr("needs option 'schedule'"));
  EXPECT_THAT(sentence_of([&] { run(c, {text("llada_odd", options(c, "sandwich:0.25"))}); }),
              HasSubstr("there is none; give it as the drafter"));
  EXPECT_EQ(sentence_of([&] { run(c, {text("llada_odd", options(c, "H"))}); }), "(no error)");
  Case exact = c;
  exact.strategy = "exact";
  EXPECT_THAT(sentence_of([&] { run_scheduled(exact, "H"); }), HasSubstr("does not follow a schedule"));
  EXPECT_THAT(sentence_of([&] { run_scheduled(c, "L12,H13"); }), HasSubstr("has 25 steps, but the sampler"));
  const Case strangers = {"llada_odd", "llada", "vanilla", "none"};
  EXPECT_THAT(sentence_of([&] { run_scheduled(strangers, "L"); }), HasSubstr("must be the same"));
}

}  // namespace
}  // namespace unmask::decode
