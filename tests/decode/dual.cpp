// DualDiffusion: against an independent NumPy implementation (tests/tools/dual_reference.py), and by what
// must hold: what judges a token does not see it, rejections are carried out as the rules say, and decoding
// ends whatever is drafted. Cases are drawn from a seed.
#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/draft_pace.h"
#include "decode/logits.h"
#include "decode/references.h"
#include "decode/ruling.h"
#include "decode/texts.h"
#include "support/random_model.h"
#include "support/temporary_folder.h"

namespace unmask::decode {
namespace {

using nlohmann::json;

Options options(std::initializer_list<std::pair<const char*, double>> numbers,
                std::initializer_list<std::pair<const char*, const char*>> texts = {}) {
  Options o;
  for (const auto& [name, value] : numbers) o.set_number(name, value);
  for (const auto& [name, value] : texts) o.set_text(name, value);
  return o;
}

// ln of the probability of a token in row `position` of a whole canvas.
double log_probability(const model::Model& model, std::span<const int32_t> canvas, uint32_t position,
                       int32_t token) {
  const std::vector<float> all = logits(*tests::make_backend(), model, canvas);
  const std::span row = std::span(all).subspan(position * model.config.vocabulary, model.config.vocabulary);
  double sum = 0;
  for (int32_t t = 0; t < static_cast<int32_t>(row.size()); ++t)
    sum += t == model.config.mask_token ? 0 : std::exp(double{row[t]});
  return row[static_cast<size_t>(token)] - std::log(sum);
}

// With one layer no row has seen another before it is looked at, so that a shadow's distribution is that of
// the canvas in which its position alone is masked.
TEST(Dual, AShadowSeesAllButWhatItJudges) {
  const tests::TemporaryFolder folder;
  tests::write_random_llada(folder.path());
  const std::shared_ptr<const model::Model> model =
      model::Loader(folder.path(), tests::make_backend()).finish();
  const auto s = session(model, options({{"length", 13}, {"block", 13}}), {5, 900, 31, 77, 2000, 6});
  for (uint32_t p = 6; p < 17; ++p) s->commit(p, static_cast<int32_t>((p * 371) % 2000));
  const std::vector<int32_t> canvas(s->tokens().begin(), s->tokens().end());
  Request r = {.session = 0, .window = {6, 19}, .positions = {17}, .commitment = {.at_least = 1}};
  r.refresh = true;
  const std::vector<uint32_t> judged = {9, 6, 16};
  for (uint32_t i = 0; i < judged.size(); ++i) {
    const uint32_t p = judged[i];
    r.scratch.push_back({.position = p,
                         .token = s->mask_token(),
                         .before = p,
                         .first = i,
                         .last = i + 1,
                         .after = p + 1,
                         .after_end = s->length()});
    r.judged.push_back({.scratch_row = i, .position = p, .token = canvas[p]});
  }
  Session* const sessions[] = {s.get()};
  const auto backend = tests::make_backend();
  Denoiser denoiser(*backend, sessions, {.candidates = 13, .scratch_rows = 3, .judged = 3});
  const Answers answers = denoiser.step(std::span(&r, 1));
  for (uint32_t i = 0; i < judged.size(); ++i) {
    std::vector<int32_t> masked = canvas;
    masked[judged[i]] = s->mask_token();
    const double expected = log_probability(*model, masked, judged[i], canvas[judged[i]]);
    EXPECT_NEAR(answers.verdicts[0][i].log_q, expected, 1e-3) << judged[i];
    const double copied = log_probability(*model, canvas, judged[i], canvas[judged[i]]);
    EXPECT_GT(std::abs(copied - expected), 0.05) << "the token itself would be seen to matter";
  }
}

// A verification that rejects nothing is a step like the others.
// What each round has drafted and kept, and the answer after it.
json rounds(Decoder& decoder, const Session& s) {
  json all = json::array();
  for (bool finished = false; !finished;) {
    const Statistics old = s.statistics();
    finished = decoder.step().finished;
    all.push_back({{"drafted", s.statistics().drafted - old.drafted},
                   {"accepted", s.statistics().accepted - old.accepted},
                   {"answer", s.tokens().subspan(s.prompt_length())}});
  }
  return all;
}

TEST(Dual, FollowsTheReference) {
  size_t cases = 0;
  const json all = read_reference("dual.json");
  for (const json& m : all["models"]) {
    const std::string name = m["model"];
    for (const json& c : m["cases"]) {
      const auto model = golden(name.c_str());
      const auto p = c["prompt"].get<std::vector<int32_t>>();
      const Options o = options_of(c["options"], "none");
      const auto s = session(model, o, p);
      std::vector<std::shared_ptr<Session>> drafters;
      const uint32_t layers = c["options"]["layers"];
      if (layers < model->config.layers)
        drafters.push_back(session(shortened(name, static_cast<int>(layers)), o, p));
      Decoder decoder(tests::make_backend(), {s}, "dual", drafters);
      EXPECT_EQ(rounds(decoder, *s), c["rounds"]) << name << c["options"];
      ++cases;
    }
  }
  EXPECT_GE(cases, 36u);
}

TEST(Dual, ThatRejectsNothingIsPlainDecodingByThreshold) {
  for (const double temperature : {0.0, 1.0}) {
    const Options plain = options(
        {{"length", 30}, {"block", 10}, {"threshold", 0.05}, {"temperature", temperature}, {"seed", 4}});
    Options dual = plain;
    for (const char* name : {"tau_draft", "tau_verify"}) dual.set_number(name, 0.05);
    dual.set_number("alpha", 0);
    dual.set_integer("draft_length", 3);
    const auto a = session(golden("llada"), plain, {1, 2, 3}), b = session(golden("llada"), dual, {1, 2, 3});
    run(Decoder(tests::make_backend(), {a}, "vanilla"));
    run(Decoder(tests::make_backend(), {b}, "dual"));
    EXPECT_TRUE(std::ranges::equal(a->tokens(), b->tokens())) << temperature;
    EXPECT_EQ(b->statistics().accepted, b->statistics().drafted);
    EXPECT_GT(b->statistics().drafted, 0u);
  }
}

// The pass that verifies a block serves the next one as its refresh.
TEST(Dual, VerificationIsTheRefreshThatWasDue) {
  const auto s = session(
      golden("llada"),
      options({{"length", 24}, {"block", 8}, {"alpha", 0}, {"draft_length", 32}}, {{"cache", "dual"}}),
      {1, 2, 3, 4, 5});
  run(Decoder(tests::make_backend(), {s}, "dual"));
  // One pass to begin with and one per block have all 29 rows, the last three with 8 shadows each.
  const uint64_t full = 4, drafting = s->statistics().forward_passes - full;
  EXPECT_EQ(s->statistics().rows, full * 29 + 3 * 8 + drafting * 8);
}

class Cases {
 public:
  explicit Cases(uint32_t seed) : engine_(seed) {}

  uint32_t below(uint32_t n) { return engine_() % n; }
  template <typename T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[below(static_cast<uint32_t>(all.size()))];
  }

  // Thresholds at the scale of random models, whose distributions are nearly flat.
  Options next() {
    return options(
        {{"length", 1.0 + below(24)},
         {"block", one_of<double>({0, 5, 8})},
         {"steps", 0},
         {"seed", below(1000)},
         {"temperature", one_of<double>({0, 0.7, 1, 30})},
         {"stop_at_end", below(2)},
         {"draft_length", one_of<double>({0, 1, 3, 16})},
         {"tau_draft", one_of<double>({0, 0.02, 0.1, 0.8})},
         {"tau_verify", one_of<double>({0.02, 0.1, 0.9})},
         {"tau_keep", one_of<double>({0.01, 0.05, 1})},
         {"alpha", one_of<double>({0.1, 0.5, 1})},
         {"eps_kl", one_of<double>({0, 0.01, 0.1})},
         {"tau_fix", one_of<double>({0.02, 0.1, 1})},
         {"max_reject_per_pos", one_of<double>({0, 1, 2, 1000})}},
        {{"keep_rule", one_of<const char*>({"ratio", "prob", "argmax", "kl"})},
         {"shadows", one_of<const char*>({"own", "block"})},
         {"cache", one_of<const char*>({"none", "prefix", "dual", "dkv-decode", "dllm", "sparse"})}});
  }

  std::vector<int32_t> prompt() {
    std::vector<int32_t> tokens(below(12));
    for (int32_t& t : tokens) t = static_cast<int32_t>(below(120));
    return tokens;
  }

 private:
  std::minstd_rand engine_;
};

// What its events say of a text, from its first canvas on.
class Story {
 public:
  explicit Story(const Session& s) : canvas_(s.tokens().begin(), s.tokens().end()) {}

  void follow(Session& s) {
    for (const Event& e : s.take_events()) {
      EXPECT_EQ(canvas_[e.position], e.previous);
      canvas_[e.position] = e.token;
      ++counts_[static_cast<size_t>(e.kind)];
      const bool judged = e.kind == EventKind::accepted || e.kind == EventKind::rejected;
      EXPECT_EQ(judged, e.probability >= 0);
      EXPECT_EQ(e.kind == EventKind::rejected, e.reason != Reason::none);
    }
  }
  const std::vector<int32_t>& canvas() const { return canvas_; }
  uint64_t count(EventKind kind) const { return counts_[static_cast<size_t>(kind)]; }

 private:
  std::vector<int32_t> canvas_;
  std::array<uint64_t, 5> counts_ = {};
};

// Whatever is drafted and however it is judged, a round fills a mask, and the events tell all.
TEST(Dual, EndsInAnyCase) {
  Cases cases(77);
  uint64_t rejected = 0, accepted = 0;
  for (int i = 0; i < 60; ++i) {
    const Options o = cases.next();
    const std::vector<int32_t> prompt = cases.prompt();
    const auto s = session(golden("llada"), o, prompt);
    std::vector<std::shared_ptr<Session>> drafters;
    Options random = o;
    random.set_number("temperature", 1000);
    random.set_text("cache", "none");
    if (cases.below(3) == 0) drafters.push_back(session(golden("llada"), random, prompt));
    const uint32_t masks = s->masks_left();
    Story story(*s);
    Decoder decoder(tests::make_backend(), {s}, "dual", drafters);
    for (bool finished = false; !finished;) {
      finished = decoder.step().finished;
      EXPECT_FALSE(decoder.explanation().empty());
      story.follow(*s);
      ASSERT_LE(decoder.progress().rounds, masks) << "case " << i;
    }
    for (size_t p = 0; p < s->tokens().size(); ++p) {
      // Behind the end of a text nobody predicted anything.
      EXPECT_TRUE(story.canvas()[p] == s->tokens()[p] || story.canvas()[p] == s->mask_token());
    }
    EXPECT_TRUE(std::ranges::equal(s->tokens().first(prompt.size()), prompt));
    EXPECT_EQ(s->masks_left(), 0u);
    EXPECT_EQ(story.count(EventKind::drafted), s->statistics().drafted);
    EXPECT_EQ(story.count(EventKind::accepted), s->statistics().accepted);
    EXPECT_EQ(story.count(EventKind::rejected) + s->statistics().accepted, s->statistics().drafted);
    rejected += story.count(EventKind::rejected), accepted += s->statistics().accepted;
  }
  EXPECT_GT(rejected, 100u);
  EXPECT_GT(accepted, 100u);
}

// What is drawn at a position that was masked again has noise of its own.
TEST(Dual, APositionThatIsMaskedAgainIsDrawnAnew) {
  const auto drawn = [](bool remask) {
    const auto s =
        session(golden("llada"), options({{"length", 8}, {"temperature", 1000}, {"seed", 5}}), {1});
    Session* const sessions[] = {s.get()};
    const auto backend = tests::make_backend();
    Denoiser denoiser(*backend, sessions, {.candidates = 8});
    const Request r = {.session = 0, .window = {1, 9}, .positions = {3, 4}, .commitment = {.at_least = 2}};
    denoiser.step(std::span(&r, 1));
    std::vector<int32_t> tokens = {s->tokens()[3], s->tokens()[4]};
    s->change(3, s->mask_token(), EventKind::rejected);
    remask ? s->remask(4, Reason::improbable, 0) : s->change(4, s->mask_token(), EventKind::rejected);
    denoiser.refresh(0, 3), denoiser.refresh(0, 4);
    denoiser.step(std::span(&r, 1));
    tokens.insert(tokens.end(), {s->tokens()[3], s->tokens()[4]});
    return tokens;
  };
  const std::vector<int32_t> same = drawn(false), anew = drawn(true);
  EXPECT_EQ(same[0], same[2]);
  EXPECT_EQ(same[1], same[3]);
  EXPECT_EQ(anew[0], anew[2]) << "the noise of other positions stays";
  EXPECT_NE(anew[1], anew[3]);
}

TEST(Dual, RefusesWhatItCannotServe) {
  const auto refused = [](const char* model, const Options& o) {
    EXPECT_THROW(Decoder(tests::make_backend(), {session(golden(model), o, {1, 2})}, "dual"), Error) << model;
  };
  refused("llada", options({{"length", 8}, {"guidance", 1}}));
  refused("llada", options({{"length", 8}, {"edit_threshold", 0.5}}));
  refused("dream", options({{"length", 8}}));
  refused("fast_dllm_v2", options({{"length", 8}}));
  const Options o = options({{"length", 8}});
  EXPECT_THROW(Decoder(tests::make_backend(), {session(golden("llada"), o, {1})}, "dual",
                       {session(golden("llada_odd"), o, {1})}),
               Error);
}

tensor::Verdict verdict(double probability, uint32_t best, double best_probability, double divergence = 0) {
  return {.log_p = 0,
          .log_q = static_cast<float>(std::log(probability)),
          .best_token = best,
          .best_log_q = static_cast<float>(std::log(best_probability)),
          .divergence = static_cast<float>(divergence),
          .accepted = 1,
          .replacement = 0,
          .entropy = 0};
}

class Rules : public testing::Test {
 protected:
  Fate fate(const char* rule, const tensor::Verdict& v, uint32_t times_remasked = 0) const {
    Options o;
    o.set_text("keep_rule", rule);
    return rule_on(4, v, times_remasked, SessionOptions(o).dual, golden("llada")->config).fate;
  }
};

TEST_F(Rules, CompareWithTheirThresholds) {
  EXPECT_EQ(fate("prob", verdict(0.51, 4, 0.51)), Fate::kept);
  EXPECT_EQ(fate("prob", verdict(0.49, 4, 0.49)), Fate::masked);
  EXPECT_EQ(fate("argmax", verdict(0.2, 4, 0.2)), Fate::kept);
  EXPECT_EQ(fate("argmax", verdict(0.44, 5, 0.45)), Fate::masked);
  EXPECT_EQ(fate("ratio", verdict(0.21, 5, 0.4)), Fate::kept);
  EXPECT_EQ(fate("ratio", verdict(0.19, 5, 0.4)), Fate::masked);
  EXPECT_EQ(fate("kl", verdict(0.01, 5, 0.9, 0.49)), Fate::kept);
  EXPECT_EQ(fate("kl", verdict(0.2, 5, 0.9, 0.51)), Fate::masked);
}

TEST_F(Rules, ReplaceWhatIsClearOrWasMaskedTooOften) {
  EXPECT_EQ(fate("ratio", verdict(0.02, 5, 0.96)), Fate::replaced);
  EXPECT_EQ(fate("ratio", verdict(0.02, 5, 0.5), 1), Fate::masked);
  EXPECT_EQ(fate("ratio", verdict(0.02, 5, 0.5), 2), Fate::replaced);
  EXPECT_EQ(fate("prob", verdict(0.3, 4, 0.3), 2), Fate::kept) << "there is nothing better";
  EXPECT_THROW(fate("prob", verdict(0.3, 127, 0.3)), Error) << "a mask";
}

TEST_F(Rules, KeepTheBestWhereTooManyWouldBeMasked) {
  std::vector<Ruling> rulings;
  for (const double p : {0.3, 0.1, 0.2, 0.9, 0.25})
    rulings.push_back(rule_on(4, verdict(p, 4, p), 0,
                              SessionOptions(options({}, {{"keep_rule", "prob"}})).dual,
                              golden("llada")->config));
  limit_masked(rulings, 2);
  const std::vector<Fate> expected = {Fate::kept, Fate::masked, Fate::masked, Fate::kept, Fate::kept};
  for (size_t i = 0; i < rulings.size(); ++i) EXPECT_EQ(rulings[i].fate, expected[i]) << i;
}

DraftPace paced(double verify_work, uint32_t rejected_of_ten, int rounds) {
  DraftPace pace{SessionOptions(Options())};
  const std::vector<uint32_t> passes = {1, 1, 1, 2, 2, 2, 3, 3, 4, 4};
  for (int i = 0; i < rounds; ++i) {
    for (int pass = 0; pass < 4; ++pass) pace.observe_draft(1, 3);
    pace.observe_verification(verify_work, 1, passes, rejected_of_ten);
  }
  return pace;
}

TEST(DraftPace, FollowsCostsAndRejections) {
  EXPECT_EQ(paced(8, 0, 0).length(), 4u);
  EXPECT_EQ(paced(8, 0, 20).length(), 16u) << "what is never rejected need not be verified often";
  EXPECT_FLOAT_EQ(paced(8, 0, 20).threshold(), 0.6f);
  EXPECT_EQ(paced(8, 5, 20).length(), 1u);
  EXPECT_FLOAT_EQ(paced(8, 5, 20).threshold(), 0.95f);
  // Between the two, the longer the more a verification costs: at 80% kept a token survives 0.91 per pass.
  const uint32_t cheap = paced(0.5, 2, 20).length(), dear = paced(8, 2, 20).length();
  EXPECT_LT(cheap, dear);
  EXPECT_FLOAT_EQ(paced(8, 2, 20).threshold(), 0.8f);
}

TEST(DraftPace, KeepsToALengthThatIsGiven) {
  Options o;
  o.set_integer("draft_length", 7);
  DraftPace pace{SessionOptions(o)};
  for (int i = 0; i < 9; ++i) pace.observe_draft(1, 1), pace.observe_verification(1, 1, std::vector{1u}, 1);
  EXPECT_EQ(pace.length(), 7u);
  EXPECT_FLOAT_EQ(pace.threshold(), 0.8f);
}

}  // namespace
}  // namespace unmask::decode
