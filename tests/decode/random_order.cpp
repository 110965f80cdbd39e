// The samplers of MDLM, ancestral and first-hitting: their law against an enumeration in NumPy, what they
// cost, texts longer than the model's positions.
#include <cmath>
#include <fstream>
#include <numeric>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/decoder.h"
#include "decode/random_order.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

using nlohmann::json;

Options options(std::initializer_list<std::pair<const char*, double>> values) {
  Options o;
  for (const auto& [name, value] : values) o.set_number(name, value);
  return o;
}

std::vector<std::shared_ptr<Session>> run(const char* model, const std::string& strategy,
                                          const std::vector<Options>& all,
                                          const std::vector<int32_t>& prompt) {
  std::vector<std::shared_ptr<Session>> sessions;
  for (const Options& o : all) {
    sessions.push_back(
        std::make_shared<Session>(tests::load(tests::golden_folder(model)), SessionOptions(o)));
    sessions.back()->set_prompt(prompt);
  }
  Decoder decoder(tests::make_backend(), sessions, strategy);
  while (!decoder.step().finished) {
  }
  return sessions;
}

std::shared_ptr<Session> run(const char* model, const std::string& strategy, const Options& o,
                             const std::vector<int32_t>& prompt) {
  return run(model, strategy, std::vector{o}, prompt)[0];
}

std::vector<int32_t> tokens_of(const Session& s) { return {s.tokens().begin(), s.tokens().end()}; }

// Of the ancestral sampler, which makes no pass that reveals nothing: T (1 - (1 - 1/T)^L).
double expected_passes(double steps, double length) { return steps * (1 - std::pow(1 - 1 / steps, length)); }

// --- the law of the texts ---

struct Law {
  std::string strategy;
  std::vector<int32_t> prompt;
  uint32_t length, steps, tokens;
  std::vector<double> probabilities;  // of every text of `tokens` tokens, the last position varying fastest

  size_t index(const Session& s) const {
    size_t i = 0;
    for (const int32_t token : s.generated()) i = i * tokens + static_cast<size_t>(token);
    return i;
  }
};

std::vector<Law> read_laws() {
  std::ifstream file(tests::golden_folder("mdlm_tiny") / "joint.json");
  const json all = json::parse(file);
  std::vector<Law> laws;
  for (const json& c : all["cases"]) {
    laws.push_back({c["strategy"], c["prompt"], c["length"], c["steps"], all["tokens"], c["probabilities"]});
  }
  return laws;
}

struct Sampled {
  std::vector<uint32_t> counts;  // of every text
  double passes = 0;             // on average
};

Sampled sample(const Law& law, uint32_t samples, bool compat = false) {
  constexpr uint32_t batch = 256;
  Sampled result{.counts = std::vector<uint32_t>(law.probabilities.size())};
  for (uint32_t first = 0; first < samples; first += batch) {
    std::vector<Options> all;
    for (uint32_t i = 0; i < batch; ++i) {
      all.push_back(options({{"length", static_cast<double>(law.length)},
                             {"steps", static_cast<double>(law.steps)},
                             {"seed", static_cast<double>(first + i)},
                             {"compat_fp32_gumbel", compat ? 1.0 : 0.0}}));
    }
    for (const auto& s : run("mdlm_tiny", law.strategy, all, law.prompt)) {
      ++result.counts[law.index(*s)];
      result.passes += static_cast<double>(s->statistics().forward_passes) / samples;
    }
  }
  return result;
}

// Pearson's statistic over texts expected at least five times; the others together count as one.
struct ChiSquare {
  double value = 0;
  uint32_t degrees = 0;
};

ChiSquare chi_square(std::span<const uint32_t> counts, std::span<const double> probabilities) {
  const double samples = std::accumulate(counts.begin(), counts.end(), 0.0);
  ChiSquare result;
  double rare_count = 0, rare_expected = 0;
  const auto add = [&](double count, double expected) {
    result.value += (count - expected) * (count - expected) / expected;
    ++result.degrees;
  };
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = samples * probabilities[i];
    if (expected >= 5) {
      add(counts[i], expected);
    } else {
      rare_count += counts[i], rare_expected += expected;
    }
  }
  if (rare_expected > 0) add(rare_count, rare_expected);
  --result.degrees;
  return result;
}

// What a chi-square variable exceeds with a probability below 1e-6 (Laurent and Massart 2000, lemma 1).
double one_in_a_million(uint32_t degrees) {
  const double x = std::log(1e6);
  return degrees + 2 * std::sqrt(degrees * x) + 2 * x;
}

class SamplerLaw : public testing::TestWithParam<Law> {};

TEST_P(SamplerLaw, TextsAreDistributedAsEnumerated) {
  const Law& law = GetParam();
  const Sampled sampled = sample(law, 4096);
  const ChiSquare statistic = chi_square(sampled.counts, law.probabilities);
  std::printf("[   law    ] chi-square %.1f with %u degrees of freedom, bound %.1f\n", statistic.value,
              statistic.degrees, one_in_a_million(statistic.degrees));
  EXPECT_LE(statistic.value, one_in_a_million(statistic.degrees));
}

INSTANTIATE_TEST_SUITE_P(Cases, SamplerLaw, testing::ValuesIn(read_laws()), [](const auto& p) {
  return p.param.strategy + "_" + std::to_string(p.param.prompt.size()) + "_" + std::to_string(p.param.steps);
});

// With few steps no token is so improbable that the published noise cuts it off, and the race it is drawn by
// must have the same law.
TEST(SamplerLaw, HoldsForThePublishedRace) {
  for (const Law& law : read_laws()) {
    if (law.strategy != "ancestral") continue;
    const Sampled sampled = sample(law, 4096, true);
    const ChiSquare statistic = chi_square(sampled.counts, law.probabilities);
    std::printf("[   law    ] %u steps: chi-square %.1f with %u degrees of freedom\n", law.steps,
                statistic.value, statistic.degrees);
    EXPECT_LE(statistic.value, one_in_a_million(statistic.degrees));
    EXPECT_GT(sampled.passes, expected_passes(law.steps, law.length))
        << "steps that reveal nothing are passes too";
  }
}

// So that the test above can fail: it tells the laws of other schedules apart.
TEST(SamplerLaw, TellsSchedulesApart) {
  const std::vector<Law> laws = read_laws();
  Law coarse = laws[0];
  coarse.steps = 1;
  const ChiSquare statistic = chi_square(sample(coarse, 4096).counts, laws[0].probabilities);
  EXPECT_GT(statistic.value, 2 * one_in_a_million(statistic.degrees));
}

// --- what they cost ---

// The mean of 1024 texts strays by less than 0.1 from what is expected.
TEST(Ancestral, SkipsStepsThatRevealNothing) {
  const double length = 8;
  for (const double steps : {3.0, 8.0, 40.0}) {
    const Sampled sampled = sample({.strategy = "ancestral",
                                    .prompt = {},
                                    .length = 8,
                                    .steps = static_cast<uint32_t>(steps),
                                    .tokens = 4,
                                    .probabilities = std::vector<double>(65536)},
                                   1024);
    const double expected = expected_passes(steps, length);
    std::printf("[  passes  ] %g steps: %.3f, expected %.3f\n", steps, sampled.passes, expected);
    EXPECT_NEAR(sampled.passes, expected, 0.1);
  }
}

TEST(RandomOrder, OnlyRevealedRowsGoThroughTheHead) {
  for (const char* strategy : {"ancestral", "first_hitting"}) {
    const auto s = run("mdlm_odd", strategy, options({{"length", 23}, {"steps", 6}, {"seed", 2}}), {1, 2, 3});
    EXPECT_EQ(s->statistics().head_rows, 23u);
    EXPECT_LE(s->statistics().forward_passes, 6u);
  }
}

TEST(FirstHitting, RevealsItsShareInEveryPass) {
  const auto s = run("mdlm_odd", "first_hitting", options({{"length", 23}, {"steps", 6}}), {});
  std::vector<uint32_t> revealed(7);
  for (const Event& e : s->take_events()) ++revealed.at(e.step);
  EXPECT_EQ(revealed, (std::vector<uint32_t>{0, 4, 4, 4, 4, 4, 3}));
}

TEST(RandomOrder, TimesDependOnSeedAndPositionAlone) {
  const auto model = tests::load(tests::golden_folder("mdlm_odd"));
  const Session a(model, SessionOptions(options({{"length", 30}, {"seed", 9}})));
  const Session b(model, SessionOptions(options({{"length", 20}, {"seed", 9}})));
  std::vector<Reveal> of_a = draw_reveals(a, {0, 30});
  EXPECT_TRUE(std::ranges::is_sorted(of_a, std::greater{}, &Reveal::time));
  std::erase_if(of_a, [](const Reveal& r) { return r.position >= 20; });
  EXPECT_TRUE(std::ranges::equal(of_a, draw_reveals(b, {0, 20}), {}, &Reveal::position, &Reveal::position));
}

// --- texts longer than the model's positions ---

TEST(Strides, WindowsKeepAPrefix) {
  const auto model = tests::load(tests::golden_folder("mdlm_odd"));  // 37 positions
  Session s(model, SessionOptions(options({{"length", 60}, {"stride", 10}})));
  const auto fill = [&](uint32_t end) {
    for (uint32_t p = s.first_mask(); p < end; ++p) s.commit(p, 1);
  };
  const auto expect = [&](uint32_t begin, uint32_t end) {
    const Window w = next_window(s);
    EXPECT_EQ(w.begin, begin);
    EXPECT_EQ(w.end, end);
    fill(end);
  };
  expect(0, 37), expect(10, 47), expect(20, 57), expect(23, 60);

  s.set_prompt(std::vector<int32_t>(33, 2));
  expect(6, 43);
  EXPECT_EQ(next_window(s).end, 53u);
}

TEST(Strides, AWindowIsWrittenAsATextOfItsOwn) {
  const Options greedy = options({{"length", 53}, {"stride", 16}, {"steps", 1}, {"temperature", 0}});
  const auto s = run("mdlm_odd", "ancestral", greedy, {5, 6});
  const std::vector<int32_t> all = tokens_of(*s);
  ASSERT_EQ(all.size(), 55u);
  EXPECT_EQ(s->statistics().forward_passes, 3u);
  EXPECT_EQ(s->statistics().rows, 3u * 37u);
  EXPECT_EQ(s->statistics().head_rows, 53u);
  const auto second =
      run("mdlm_odd", "ancestral", options({{"length", 16}, {"steps", 1}, {"temperature", 0}}),
          {all.begin() + 16, all.begin() + 37});
  EXPECT_EQ(tokens_of(*second), std::vector<int32_t>(all.begin() + 16, all.begin() + 53));
  const auto third = run("mdlm_odd", "ancestral", options({{"length", 2}, {"steps", 1}, {"temperature", 0}}),
                         {all.begin() + 18, all.begin() + 53});
  EXPECT_EQ(tokens_of(*third), std::vector<int32_t>(all.begin() + 18, all.begin() + 55));
}

TEST(Strides, ABatchGivesTheTextsOfEachAlone) {
  std::vector<Options> all;
  for (const double stride : {7.0, 37.0, 20.0})
    all.push_back(options({{"length", 40 + stride}, {"stride", stride}, {"steps", 5}, {"seed", stride}}));
  const auto together = run("mdlm_odd", "ancestral", all, {7, 8, 9, 10, 11});
  for (size_t i = 0; i < all.size(); ++i) {
    const auto alone = run("mdlm_odd", "ancestral", all[i], {7, 8, 9, 10, 11});
    EXPECT_EQ(tokens_of(*together[i]), tokens_of(*alone)) << i;
    EXPECT_EQ(std::ranges::count(alone->tokens(), alone->mask_token()), 0);
  }
}

TEST(Strides, AreRefusedWhereTheyCannotBe) {
  const auto model = tests::load(tests::golden_folder("mdlm_odd"));
  const auto session = [&](const Options& o) { return std::make_shared<Session>(model, SessionOptions(o)); };
  EXPECT_THROW(session(options({{"length", 38}})), Error);
  const auto sliding = session(options({{"length", 38}, {"stride", 5}}));
  EXPECT_THROW(Decoder(tests::make_backend(), {sliding}, "vanilla"), Error);
  const auto too_far = session(options({{"length", 38}, {"stride", 38}}));
  EXPECT_THROW(Decoder(tests::make_backend(), {too_far}, "ancestral"), Error);
}

}  // namespace
}  // namespace unmask::decode
