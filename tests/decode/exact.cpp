// Exact verification against plain decoding: the same tokens, bit for bit, whatever the drafter says. Cases
// are drawn from a seed; UNMASK_EXACT_CASES says how many (the default suits a test run, CONTRIBUTING.md
// names a long one).
#include <algorithm>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/texts.h"

namespace unmask::decode {
namespace {

constexpr size_t batch = 8;

struct Kind {
  const char* model;
  std::vector<const char*> caches;
  bool block_causal;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {{"llada", {"none", "prefix", "dual"}, false},
                                        {"llada_odd", {"none", "prefix", "dual"}, false},
                                        {"dream", {"none"}, false},
                                        {"sdar", {"none", "block"}, true},
                                        {"sdar_tied", {"none", "block"}, true},
                                        {"fast_dllm_v2", {"none", "block"}, true}};
  return all;
}

size_t case_count() {
  const char* const asked = std::getenv("UNMASK_EXACT_CASES");
  return asked != nullptr ? static_cast<size_t>(std::atoi(asked)) : 240;
}

class Cases {
 public:
  explicit Cases(uint32_t seed) : engine_(seed) {}

  uint32_t below(uint32_t n) { return engine_() % n; }
  template <typename T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(static_cast<uint32_t>(all.size()))];
  }

  Options options(const Kind& kind) {
    Options o;
    o.set_text("cache", one_of(kind.caches));
    o.set_integer("length", 3 + below(14));
    o.set_integer("seed", below(1000));
    o.set_integer("stop_at_end", below(4) > 0);
    o.set_integer("draft_length", one_of<int>({0, 1, 2, 3, 7}));
    // Nearly uniform at 30, so that end tokens come everywhere.
    o.set_number("temperature", one_of<double>({0, 0, 0.7, 1, 30}));
    if (below(6) == 0) o.set_number("top_p", 0.9);
    if (!kind.block_causal) {
      o.set_integer("block", one_of<int>({0, 3, 4, 8}));
      const uint32_t rule = below(4);
      if (rule == 0) o.set_number("threshold", one_of<double>({0.02, 0.1, 0.5}));
      if (rule == 1) o.set_number("factor", 1.2);
      if (rule == 2) o.set_text("remasking", one_of<const char*>({"random", "margin", "entropy"}));
    } else {
      o.set_text("remasking_strategy", one_of<const char*>({"sequential", "low_confidence_static",
                                                            "low_confidence_dynamic", "entropy_bounded"}));
      o.set_number("confidence_threshold", one_of<double>({0.02, 0.1, 0.5}));
      o.set_number("entropy_bound", one_of<double>({1, 5}));
    }
    return o;
  }

  std::vector<int32_t> prompt(const model::ModelConfig& config) {
    const uint32_t least = config.shifted_logits ? 1 : 0;  // of which the first token is predicted
    std::vector<int32_t> tokens(least + below(12));
    for (int32_t& t : tokens) t = static_cast<int32_t>(below(config.vocabulary - 3));
    return tokens;
  }

 private:
  std::minstd_rand engine_;
};

std::string describe(const Kind& kind, const Options& o, size_t prompt) {
  return std::string(kind.model) + " prompt " + std::to_string(prompt) + " cache " + o.text("cache") +
         " length " + std::to_string(o.integer("length")) + " block " + std::to_string(o.integer("block")) +
         " seed " + std::to_string(o.integer("seed")) + " temperature " +
         std::to_string(o.number("temperature")) + " threshold " + std::to_string(o.number("threshold")) +
         " reveal " + o.text("remasking_strategy") + " remasking " + o.text("remasking") + " drafts " +
         std::to_string(o.integer("draft_length"));
}

// A drafter that agrees often: the model itself, with another rule. One that hardly ever does: at a high
// temperature it draws its tokens at random.
Options drafter_options(Cases& cases, const Options& verifier) {
  Options o = verifier;
  o.set_text("cache", "none");
  if (cases.below(2) == 0) o.set_number("temperature", 1000);
  return o;
}

struct Batch {
  const Kind* kind;
  std::vector<Options> options;
  std::vector<std::vector<int32_t>> prompts;

  explicit Batch(Cases& cases) : kind(&cases.one_of(kinds())) {
    const auto& config = golden(kind->model)->config;
    for (size_t i = 0; i < batch; ++i) {
      options.push_back(cases.options(*kind));
      prompts.push_back(cases.prompt(config));
    }
  }

  std::vector<std::shared_ptr<Session>> sessions() const {
    std::vector<std::shared_ptr<Session>> all;
    for (size_t i = 0; i < options.size(); ++i)
      all.push_back(session(golden(kind->model), options[i], prompts[i]));
    return all;
  }
};

class Exactness : public testing::TestWithParam<bool> {};

TEST_P(Exactness, GivesTheTokensOfPlainDecoding) {
  const bool drafted = GetParam();
  Cases cases(drafted ? 101 : 202);
  uint64_t plain_passes = 0, verified_passes = 0, accepted = 0;
  for (size_t done = 0; done < case_count() / 2; done += batch) {
    const Batch b(cases);
    const auto plain = b.sessions(), verified = b.sessions();
    run(Decoder(tests::make_backend(), plain, b.kind->block_causal ? "sdar" : "vanilla"));
    std::vector<std::shared_ptr<Session>> drafters;
    for (size_t i = 0; drafted && i < batch; ++i)
      drafters.push_back(session(golden(b.kind->model), drafter_options(cases, b.options[i]), b.prompts[i]));
    run(Decoder(tests::make_backend(), verified, drafted ? "exact" : "self-draft", drafters));
    for (size_t i = 0; i < batch; ++i) {
      ASSERT_TRUE(std::ranges::equal(plain[i]->tokens(), verified[i]->tokens()))
          << describe(*b.kind, b.options[i], b.prompts[i].size());
      plain_passes += plain[i]->statistics().forward_passes;
      verified_passes += verified[i]->statistics().forward_passes;
      accepted += verified[i]->statistics().accepted;
    }
  }
  EXPECT_LT(verified_passes, plain_passes);
  EXPECT_GT(accepted, 0u);
  std::printf("passes of the verifier: %llu, of plain decoding: %llu\n",
              static_cast<unsigned long long>(verified_passes),
              static_cast<unsigned long long>(plain_passes));
}

INSTANTIATE_TEST_SUITE_P(Drafts, Exactness, testing::Bool(),
                         [](const auto& p) { return p.param ? "OfADrafter" : "OfTheVerifierItself"; });

TEST(Exact, ADrafterThatIsTheVerifierIsAlwaysAccepted) {
  const auto model = golden("sdar");
  Options o;
  o.set_integer("length", 16);
  o.set_text("cache", "block");
  o.set_text("remasking_strategy", "low_confidence_static");
  o.set_integer("draft_length", 4);
  const auto s = session(model, o, {1, 2, 3, 4, 5}), drafter = session(model, o, {1, 2, 3, 4, 5});
  run(Decoder(tests::make_backend(), {s}, "exact", {drafter}));
  EXPECT_EQ(s->statistics().accepted, s->statistics().drafted);
  EXPECT_LE(s->statistics().forward_passes, s->blocks().size());
}

TEST(Exact, RefusesWhatDependsOnATrajectory) {
  const auto refused = [](const char* model, std::initializer_list<std::pair<const char*, const char*>> texts,
                          std::initializer_list<std::pair<const char*, double>> numbers) {
    Options o;
    o.set_integer("length", 8);
    for (const auto& [name, value] : texts) o.set_text(name, value);
    for (const auto& [name, value] : numbers) o.set_number(name, value);
    const auto s = session(golden(model), o, {1, 2});
    EXPECT_THROW(Decoder(tests::make_backend(), {s}, "self-draft"), Error);
  };
  refused("llada", {{"cache", "dllm"}}, {});
  refused("llada", {{"cache", "sparse"}}, {});
  refused("llada", {{"cache", "dkv-decode"}}, {});
  refused("dream", {{"cache", "dual"}}, {});
  refused("llada", {}, {{"guidance", 1}});
  refused("llada", {}, {{"edit_threshold", 0.5}});
  refused("sdar", {{"remasking_strategy", "low_confidence_dynamic"}}, {{"steps", 4}});
}

TEST(Exact, RefusesDraftersThatDoNotFit) {
  const auto model = golden("llada");
  Options o, longer;
  o.set_integer("length", 8);
  longer.set_integer("length", 9);
  const auto s = session(model, o, {1, 2});
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "exact"), Error);
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "exact", {session(model, longer, {1, 2})}), Error);
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "exact", {session(model, o, {1, 3})}), Error);
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "vanilla", {session(model, o, {1, 2})}), Error);
  const auto other = golden("llada_odd");
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "exact", {session(other, o, {1, 2})}), Error);
}

}  // namespace
}  // namespace unmask::decode
