// DualDiffusion as published, and the text that goes between models of different tokens.
#include <algorithm>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "base/error.h"
#include "decode/decoder.h"
#include "decode/text_bridge.h"
#include "support/engine.h"

namespace unmask::decode {
namespace {

// A tokenizer of bytes; `merged`: "12" and "34" are one token each. Special: 300 ends a text, 301 is the
// mask.
std::shared_ptr<const model::Model> with_tokenizer(bool merged) {
  const auto spelling = [](int byte) -> std::string {
    // As the "byte-level" alphabet writes printable bytes, which are all that is needed here.
    return {static_cast<char>(byte)};
  };
  std::string vocabulary, merges;
  int id = merged ? 40 : 10;
  for (const char c : std::string("0123456789abcdefghijklmnopqrstuvwxyz.=+"))
    vocabulary += (vocabulary.empty() ? "\"" : ",\"") + spelling(c) + "\":" + std::to_string(id++);
  if (merged) {
    vocabulary += R"(,"12":100,"34":101)";
    merges = R"("1 2","3 4")";
  }
  const std::string end = std::to_string(merged ? 110 : 120), mask = std::to_string(merged ? 111 : 121);
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / ("bridge_" + std::to_string(merged) + "_tokenizer.json");
  std::ofstream(file) << R"({"version":"1.0","added_tokens":[{"id":)" << end
                      << R"(,"content":"<|end|>","special":true},{"id":)" << mask
                      << R"(,"content":"<|mask|>","special":true}],"pre_tokenizer":{"type":"ByteLevel",
    "add_prefix_space":false,"use_regex":false},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{)"
                      << vocabulary << R"(},"merges":[)" << merges << "]}}";
  auto model = std::make_shared<model::Model>();
  model->config.vocabulary = 128;
  model->config.end_token = merged ? 110 : 120;
  model->config.mask_token = merged ? 111 : 121;
  model->tokenizer = model::Tokenizer::load(file);
  return model;
}

TEST(TextBridge, EncodesTheTextBetweenMasksAnew) {
  const auto bytes = with_tokenizer(false), pairs = with_tokenizer(true);
  const auto of = [](const model::Model& m, const char* token) { return *m.tokenizer->token_id(token); };
  const int32_t mask = 121;
  const std::vector<int32_t> tokens = {of(*bytes, "a"),
                                       of(*bytes, "1"),
                                       of(*bytes, "2"),
                                       mask,
                                       mask,
                                       of(*bytes, "1"),
                                       mask,
                                       of(*bytes, "2"),
                                       120,
                                       of(*bytes, "b")};
  const TextBridge there(*bytes, *pairs, false), back(*pairs, *bytes, false), losing(*bytes, *pairs, true);
  EXPECT_FALSE(there.is_identity());
  const TextBridge::Converted converted = there.convert(tokens);
  EXPECT_EQ(converted.tokens, (std::vector<int32_t>{of(*pairs, "a"), 100, 111, 111, of(*pairs, "1"), 111,
                                                    of(*pairs, "2"), 110, of(*pairs, "b")}));
  EXPECT_EQ(converted.sources[1].begin, 1u);
  EXPECT_EQ(converted.sources[1].end, 3u);
  EXPECT_EQ(converted.sources[8].begin, 9u);
  EXPECT_EQ(converted.sources[8].end, 10u);
  const TextBridge::Converted again = back.convert(converted.tokens);
  EXPECT_EQ(again.tokens, tokens);
  EXPECT_EQ(again.sources[1].begin, 1u) << "both halves come from the pair";
  EXPECT_EQ(again.sources[2].begin, 1u);
  EXPECT_EQ(std::ranges::count(losing.convert(tokens).tokens, 110), 0);
  EXPECT_EQ(losing.convert(tokens).tokens.size(), converted.tokens.size() - 1);
}

std::shared_ptr<Session> session(const Options& o, double temperature = 0) {
  Options own = o;
  own.set_number("temperature", temperature);
  auto s = std::make_shared<Session>(tests::load(tests::golden_folder("llada")), SessionOptions(own));
  s->set_prompt(std::vector<int32_t>{1, 2, 3});
  return s;
}

// Under every rule, with a drafter that agrees and one that draws at random.
TEST(DualPublished, EndsAfterItsIterations) {
  for (const char* rule :
       {"trust-verifier", "exact-match", "confidence", "disagreement-or-confidence", "kl", "none"}) {
    for (const int compat : {0, 1}) {
      Options o;
      o.set_integer("length", 24);
      o.set_integer("block", 8);
      o.set_integer("stop_at_end", 0);
      o.set_integer("num_drafter_steps", 5);
      o.set_integer("dual_compat", compat);
      o.set_text("verification_fn", rule);
      const auto s = session(o), drafter = session(o, compat == 1 ? 1000 : 0);
      Decoder decoder(tests::make_backend(), {s}, "dual-published", {drafter});
      while (!decoder.step().finished) {
      }
      EXPECT_LE(decoder.progress().rounds, 5u) << rule;
      EXPECT_LE(s->statistics().forward_passes, 4u) << rule;
      EXPECT_EQ(s->masks_left(), 0u) << rule;
      EXPECT_TRUE(std::ranges::equal(s->tokens().first(3), std::vector<int32_t>{1, 2, 3}));
    }
  }
}

// With rule none and steps enough the drafter's text is the answer.
TEST(DualPublished, WithoutVerificationIsTheDraftersText) {
  Options o;
  o.set_integer("length", 12);
  o.set_integer("stop_at_end", 0);
  o.set_text("verification_fn", "none");
  const auto plain = session(o), s = session(o), drafter = session(o);
  Decoder alone(tests::make_backend(), {plain}, "vanilla");
  while (!alone.step().finished) {
  }
  Decoder decoder(tests::make_backend(), {s}, "dual-published", {drafter});
  while (!decoder.step().finished) {
  }
  EXPECT_TRUE(std::ranges::equal(s->tokens(), plain->tokens()));
  EXPECT_EQ(drafter->statistics().forward_passes, 12u);
}

TEST(DualPublished, RefusesWhatItCannotServe) {
  Options o;
  o.set_integer("length", 8);
  EXPECT_THROW(Decoder(tests::make_backend(), {session(o)}, "dual-published"), Error);
  const auto s = session(o), drafter = session(o);
  s->write({4, 5}, std::vector<int32_t>{9});
  EXPECT_THROW(Decoder(tests::make_backend(), {s}, "dual-published", {drafter}), Error);
}

}  // namespace
}  // namespace unmask::decode
