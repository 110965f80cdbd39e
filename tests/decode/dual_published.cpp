// DualDiffusion as published, and the text that goes between models of different tokens.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "decode/decoder.h"
#include "decode/references.h"
#include "decode/text_bridge.h"
#include "support/engine.h"
#include "support/temporary_folder.h"

namespace unmask::decode {
namespace {

using nlohmann::json;

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

// The bundled drafter with its tokens numbered otherwise, and the rows of its embedding and head in that
// order.
class Renumbered {
 public:
  explicit Renumbered(const std::filesystem::path& original) : original_(original) {
    write_config();
    write_tokenizer();
    write_weights();
    std::filesystem::copy(original / "tokenizer_config.json", folder_.path() / "tokenizer_config.json");
  }

  std::shared_ptr<const model::Model> load() const {
    return model::Loader(folder_.path(), tests::make_backend()).finish();
  }

 private:
  static constexpr size_t vocabulary = 704;  // the model's; it has fewer tokens

  static size_t renumber(size_t id) { return (5 * id + 1) % vocabulary; }

  void write_config() const {
    json config = read_json(original_ / "config.json");
    for (const char* token : {"eos_token_id", "pad_token_id", "mask_token_id"})
      config[token] = renumber(config[token]);
    folder_.write("config.json", config.dump());
  }

  void write_tokenizer() const {
    json tokenizer = read_json(original_ / "tokenizer.json");
    for (json& id : tokenizer["model"]["vocab"]) id = renumber(id);
    for (json& token : tokenizer["added_tokens"]) token["id"] = renumber(token["id"]);
    folder_.write("tokenizer.json", tokenizer.dump());
  }

  void write_weights() const {
    const std::string from(MappedFile(original_ / "model.safetensors").text());
    std::string to = from;
    uint64_t length = 0;
    std::memcpy(&length, from.data(), sizeof(length));
    const json header = json::parse(from.substr(8, length));
    for (const char* name : {"model.transformer.wte.weight", "model.transformer.ff_out.weight"}) {
      const size_t begin = 8 + length + header[name]["data_offsets"][0].get<size_t>();
      const size_t row = 2 * header[name]["shape"][1].get<size_t>();
      for (size_t id = 0; id < vocabulary; ++id)
        to.replace(begin + renumber(id) * row, row, from, begin + id * row, row);
    }
    folder_.write("model.safetensors", to);
  }

  std::filesystem::path original_;
  tests::TemporaryFolder folder_;
};

TEST(DualPublished, ADrafterOfOtherTokensWritesTheSameText) {
  const std::filesystem::path bundled =
      std::filesystem::path(UNMASK_REPOSITORY) / "examples/models/word-problems";
  const auto verifier = tests::load(bundled / "verifier"), drafter = tests::load(bundled / "drafter");
  const auto renumbered = Renumbered(bundled / "drafter").load();
  EXPECT_FALSE(TextBridge(*verifier, *renumbered, false).is_identity());
  const auto answer = [&](const std::shared_ptr<const model::Model>& drafting, const char* rule,
                          const char* question) {
    Options o;
    o.set_integer("length", 32);
    o.set_text("verification_fn", rule);
    const model::ChatMessage message = {"user", question};
    std::vector<std::shared_ptr<Session>> texts;
    for (const auto& model : {verifier, drafting}) {
      texts.push_back(std::make_shared<Session>(model, SessionOptions(o)));
      texts.back()->set_prompt(model->encode_messages({&message, 1}));
    }
    Decoder decoder(tests::make_backend(), {texts[0]}, "dual-published", {texts[1]});
    while (!decoder.step().finished) {
    }
    return verifier->tokenizer->decode(texts[0]->answer(), true);
  };
  for (const char* rule : {"trust-verifier", "disagreement-or-confidence"}) {
    for (const char* question :
         {"Tom has 3 apples. He buys 4 more. How many apples does Tom have now?",
          "There are 3 boxes with 5 pens each. Mia takes 2 pens. How many pens are left?"}) {
      const std::string same = answer(drafter, rule, question);
      EXPECT_EQ(answer(renumbered, rule, question), same);
      EXPECT_NE(same.find("answer is"), std::string::npos) << same;
    }
  }
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
