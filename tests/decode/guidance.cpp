// Guidance whose second pass is not made in every step (dLLM-Cache's cfg_interval_steps).
#include <gtest/gtest.h>

#include "decode/decoder.h"
#include "support/engine.h"
#include "support/expect_error.h"

namespace unmask::decode {
namespace {

using Commits = std::vector<std::pair<uint32_t, int32_t>>;

std::shared_ptr<Session> session(const char* cache, int64_t interval, double guidance, uint32_t prompt = 7,
                                 const char* model = "llada") {
  Options o;
  o.set_text("cache", cache);
  o.set_integer("length", 16);
  o.set_integer("block", 8);
  o.set_integer("stop_at_end", 0);
  o.set_number("guidance", guidance);
  o.set_number("temperature", 0.5);
  o.set_integer("cfg_interval_steps", interval);
  auto made = std::make_shared<Session>(tests::load(tests::golden_folder(model)), SessionOptions(o));
  std::vector<int32_t> tokens(prompt);
  for (uint32_t i = 0; i < prompt; ++i) tokens[i] = static_cast<int32_t>((i * 37 + prompt) % 120);
  made->set_prompt(tokens);
  return made;
}

// What each step commits.
std::vector<Commits> run(const std::vector<std::shared_ptr<Session>>& sessions) {
  std::vector<Commits> steps;
  Decoder decoder(tests::make_backend(), sessions, "vanilla");
  for (bool finished = false; !finished;) {
    finished = decoder.step().finished;
    steps.emplace_back();
    for (const Event& e : sessions[0]->take_events()) steps.back().emplace_back(e.position, e.token);
  }
  return steps;
}

std::vector<int32_t> tokens_of(const std::shared_ptr<Session>& s) {
  return {s->tokens().begin(), s->tokens().end()};
}

TEST(GuidanceCache, IsFreshInTheFirstFiveSteps) {
  for (const char* cache : {"none", "dllm"}) {
    const std::vector<Commits> fresh = run({session(cache, 1, 2)}), reused = run({session(cache, 100, 2)});
    for (size_t step = 0; step < 5; ++step) EXPECT_EQ(fresh[step], reused[step]) << cache << " " << step;
    EXPECT_NE(fresh, reused) << "an old difference is another one";
  }
}

TEST(GuidanceCache, SavesTheRowsOfTheSecondPass) {
  const auto plain = session("none", 1, 0), fresh = session("none", 1, 2), reused = session("none", 8, 2);
  run({plain}), run({fresh}), run({reused});
  EXPECT_EQ(plain->statistics().rows, 16u * 23u);
  EXPECT_EQ(fresh->statistics().rows, 2u * 16u * 23u);
  EXPECT_EQ(reused->statistics().rows, (16u + 6u) * 23u) << "steps 1 to 5, and 9";
  EXPECT_EQ(reused->statistics().head_rows, plain->statistics().head_rows);
  const auto cost = [](const auto& s) { return static_cast<double>(s->statistics().flops); };
  const double second_pass = (cost(fresh) - cost(plain)) / 16;
  EXPECT_NEAR(cost(reused), cost(plain) + 6 * second_pass, 0.01 * cost(plain));
}

// Sessions that reuse guidance share a decoder with others that do not, and with some that have none.
TEST(GuidanceCache, ABatchGivesTheTokensOfEachAlone) {
  const auto all = [] {
    return std::vector{session("dllm", 4, 1.5), session("none", 1, 1.5, 5), session("none", 100, 2, 11),
                       session("dllm", 3, 0, 4), session("dual", 1, 1.2, 9)};
  };
  const auto together = all(), alone = all();
  run(together);
  for (size_t i = 0; i < alone.size(); ++i) {
    run({alone[i]});
    EXPECT_EQ(tokens_of(together[i]), tokens_of(alone[i])) << "session " << i;
  }
}

// Where attention goes by blocks, a pass ends with the block; the next block has no difference yet.
TEST(GuidanceCache, IsFreshWhereNothingWasKept) {
  const auto s = session("none", 100, 2, 8, "sdar");
  Decoder decoder(tests::make_backend(), {s}, "sdar");
  while (!decoder.step().finished) {
  }
  EXPECT_EQ(s->masks_left(), 0u);
}

TEST(GuidanceCache, IsRefusedWhereAPassDoesNotHaveTheWholeAnswer) {
  const auto s = session("dual", 2, 1.5);
  tests::expect_error(Status::invalid_argument, "Use 'none' or 'dllm'",
                      [&] { Decoder(tests::make_backend(), {s}, "vanilla"); });
}

}  // namespace
}  // namespace unmask::decode
