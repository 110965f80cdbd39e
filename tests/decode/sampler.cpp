// The vanilla sampler against an independent NumPy implementation (tests/tools/sampler_reference.py): the
// same commits, in the same order, in every step.
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "decode/decoder.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

using nlohmann::json;
using Commits = std::vector<std::pair<uint32_t, int32_t>>;  // (position, token), most confident first

json fixture() {
  std::ifstream file(std::filesystem::path(UNMASK_TEST_DATA) / "sampler" / "vanilla.json");
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

std::vector<Commits> commits_by_step(const std::shared_ptr<Session>& session) {
  std::vector<Commits> steps;
  Decoder decoder(tests::make_backend(), {session}, "vanilla");
  bool finished = false;
  while (!finished) {
    finished = decoder.step().finished;
    Commits commits;
    for (const Event& e : session->take_events()) commits.emplace_back(e.position, e.token);
    steps.push_back(commits);
  }
  return steps;
}

TEST(Sampler, CommitsWhatTheReferenceCommits) {
  size_t cases = 0;
  const json all = fixture();
  for (const json& m : all["models"]) {
    const auto model =
        with_end_of_turn(tests::load(tests::golden_folder(m["model"].get<std::string>().c_str())),
                         m["eot_token"].get<int32_t>());
    for (const json& c : m["cases"]) {
      const auto session = std::make_shared<Session>(model, SessionOptions(options_of(c["options"])));
      session->set_prompt(c["prompt"].get<std::vector<int32_t>>());
      std::vector<Commits> want = c["steps"].get<std::vector<Commits>>();
      std::erase_if(want, [](const Commits& step) { return step.empty(); });
      EXPECT_EQ(commits_by_step(session), want) << m["model"] << " " << c["options"].dump();
      const auto ids = c["ids"].get<std::vector<int32_t>>();
      const auto tail = std::span(ids).last(session->generated().size());
      EXPECT_TRUE(std::ranges::equal(session->generated(), tail)) << m["model"] << " " << c["options"].dump();
      ++cases;
    }
  }
  EXPECT_GE(cases, 24u);
}

}  // namespace
}  // namespace unmask::decode
