// The samplers against independent NumPy implementations (tests/tools/*_reference.py): the same commits, in
// the same order, in every step.
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "decode/decoder.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

using nlohmann::json;
using Commits = std::vector<std::pair<uint32_t, int32_t>>;  // (position, token), most confident first

json fixture(const std::string& name) {
  std::ifstream file(std::filesystem::path(UNMASK_TEST_DATA) / "sampler" / (name + ".json"));
  return json::parse(file);
}

Options options_of(const json& values) {
  Options o;
  for (const auto& [name, value] : values.items()) {
    if (value.is_string()) {
      o.set_text(name, value.get<std::string>());
    } else if (value.is_number_float()) {
      o.set_number(name, value.get<double>());
    } else {
      o.set_integer(name, value.is_boolean() ? value.get<bool>() : value.get<int64_t>());
    }
  }
  return o;
}

// The golden models have no tokenizer that would name the end-of-turn token.
std::shared_ptr<const model::Model> with_end_of_turn(std::shared_ptr<const model::Model> model,
                                                     int32_t token) {
  std::const_pointer_cast<model::Model>(model)->end_of_turn_token = token;
  return model;
}

std::vector<Commits> commits_by_step(const std::shared_ptr<Session>& session, const std::string& strategy) {
  std::vector<Commits> steps;
  Decoder decoder(tests::make_backend(), {session}, strategy);
  bool finished = false;
  while (!finished) {
    finished = decoder.step().finished;
    Commits commits;
    for (const Event& e : session->take_events()) commits.emplace_back(e.position, e.token);
    if (!commits.empty()) steps.push_back(commits);
  }
  return steps;
}

// Every case of one model of a fixture, under the cache policy of its options if none is named.
size_t expect_the_references_commits(const json& m, const std::string& strategy,
                                     const std::string& cache = "") {
  auto model = tests::load(tests::golden_folder(m["model"].get<std::string>().c_str()));
  if (m.contains("eot_token")) model = with_end_of_turn(model, m["eot_token"].get<int32_t>());
  for (const json& c : m["cases"]) {
    const std::string what = fmt::format("{} {} {}", m["model"].dump(), cache, c["options"].dump());
    Options options = options_of(c["options"]);
    if (!cache.empty()) options.set_text("cache", cache);
    const auto session = std::make_shared<Session>(model, SessionOptions(options));
    session->set_prompt(c["prompt"].get<std::vector<int32_t>>());
    std::vector<Commits> want = c["steps"].get<std::vector<Commits>>();
    std::erase_if(want, [](const Commits& step) { return step.empty(); });
    EXPECT_EQ(commits_by_step(session, strategy), want) << what;
    EXPECT_TRUE(std::ranges::equal(session->tokens(), c["ids"].get<std::vector<int32_t>>())) << what;
    const Statistics& cost = session->statistics();
    EXPECT_EQ(cost.rows, c.value("rows", cost.rows)) << what;
    EXPECT_EQ(cost.forward_passes, c.value("passes", cost.forward_passes)) << what;
  }
  return m["cases"].size();
}

TEST(Sampler, VanillaCommitsWhatTheReferenceCommits) {
  size_t cases = 0;
  const json all = fixture("vanilla");
  for (const json& m : all["models"]) cases += expect_the_references_commits(m, "vanilla");
  EXPECT_GE(cases, 24u);
}

TEST(Sampler, DreamCommitsWhatTheReferenceCommits) {
  const json all = fixture("dream");
  for (const json& m : all["models"]) EXPECT_GE(expect_the_references_commits(m, "dream"), 24u);
}

TEST(Sampler, FastDllmCommitsWhatTheReferenceCommits) {
  const json all = fixture("fast_dllm");
  for (const json& m : all["models"]) EXPECT_GE(expect_the_references_commits(m, "vanilla"), 16u);
}

TEST(Sampler, DkvCacheCommitsWhatTheReferenceCommits) {
  const json all = fixture("dkv");
  for (const json& m : all["models"]) EXPECT_GE(expect_the_references_commits(m, "vanilla"), 14u);
}

TEST(Sampler, DllmCacheCommitsWhatTheReferenceCommits) {
  const json all = fixture("dllm");
  for (const json& m : all["models"]) EXPECT_GE(expect_the_references_commits(m, "vanilla"), 14u);
}

TEST(Sampler, SparseDllmCommitsWhatTheReferenceCommits) {
  const json all = fixture("sparse");
  for (const json& m : all["models"]) EXPECT_GE(expect_the_references_commits(m, "vanilla"), 12u);
}

// The keys of finished blocks are exact: with and without them, the same tokens.
TEST(Sampler, SdarCommitsWhatTheReferenceCommits) {
  const json all = fixture("sdar");
  for (const json& m : all["models"]) {
    for (const char* cache : {"none", "block"})
      EXPECT_GE(expect_the_references_commits(m, "sdar", cache), 9u);
  }
}

// A block's keys count only when no step will edit it any more.
TEST(Sampler, EditsWhatTheReferenceEdits) {
  size_t cases = 0;
  const json all = fixture("editing");
  for (const json& m : all["models"]) {
    const bool by_blocks = m["strategy"] == "sdar";
    cases += expect_the_references_commits(m, m["strategy"], "none");
    if (by_blocks) expect_the_references_commits(m, m["strategy"], "block");
  }
  EXPECT_GE(cases, 33u);
}

}  // namespace
}  // namespace unmask::decode
