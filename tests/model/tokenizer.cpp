#include "model/tokenizer/tokenizer.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace unmask::model {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using tests::expect_error;
using Ids = std::vector<int32_t>;

const std::filesystem::path fixtures = std::filesystem::path(UNMASK_TEST_DATA) / "tokenizers";
const std::filesystem::path bundled =
    std::filesystem::path(UNMASK_REPOSITORY) / "examples/models/word-problems/verifier";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// --- what Hugging Face's tokenizers answered, see tests/tools/make_tokenizer_fixture.py ---

class RecordedTokenizer : public testing::TestWithParam<const char*> {
 protected:
  static Tokenizer load() {
    const std::string kind = GetParam();
    return Tokenizer::load(kind == "word-problems" ? bundled : fixtures / kind);
  }
  static json cases() { return json::parse(read_file(fixtures / (std::string(GetParam()) + ".json"))); }
};

TEST_P(RecordedTokenizer, EncodesLikeHuggingFace) {
  const Tokenizer tokenizer = load();
  for (const json& c : cases()) {
    const auto text = c["text"].get<std::string>();
    const auto ids = c["ids"].get<Ids>();
    EXPECT_EQ(tokenizer.encode(text), ids) << c["text"];
    EXPECT_EQ(tokenizer.encode(text, {.add_special = true}), c.value("with_special", ids)) << c["text"];
  }
}

TEST_P(RecordedTokenizer, DecodesLikeHuggingFace) {
  const Tokenizer tokenizer = load();
  for (const json& c : cases()) {
    const auto ids = c["ids"].get<Ids>();
    const auto decoded = c.value("decoded", c["text"].get<std::string>());
    EXPECT_EQ(tokenizer.decode(ids), decoded) << c["text"];
    EXPECT_EQ(tokenizer.decode(ids, true), c.value("without_special", decoded)) << c["text"];
  }
}

constexpr const char* kinds[] = {
    "word-problems", "qwen",          "llada",          "gpt2",           "llama3",     "gpt2-prefix-space",
    "digits",        "split-removed", "split-inverted", "split-previous", "split-next", "split-contiguous",
    "split-literal"};

std::string test_name(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Kinds, RecordedTokenizer, testing::ValuesIn(kinds), test_name);

// --- the published tokenizers, where their files are at hand ---

class PublishedTokenizer : public testing::TestWithParam<const char*> {};

std::vector<std::string> split(const std::string& text, const std::string& at) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(at, begin)) != std::string::npos; begin = end + at.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

Ids parse_ids(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<int32_t>(stream), {}};
}

TEST_P(PublishedTokenizer, AgreesWithItsGoldenIds) {
  const char* data = std::getenv("UNMASK_SHARED_DATA");
  const std::filesystem::path root = data != nullptr
                                         ? std::filesystem::path(data)
                                         : std::filesystem::path(UNMASK_REPOSITORY) / "../shared/data";
  const std::filesystem::path folder = root / "tokenizers" / GetParam();
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here (set UNMASK_SHARED_DATA)";
  const Tokenizer tokenizer = Tokenizer::load(folder);
  const auto texts = split(read_file(folder / "golden.inp"), "\n__ggml_vocab_test__\n");
  const auto lines = split(read_file(folder / "golden.out"), "\n");
  ASSERT_GE(lines.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(tokenizer.encode(texts[i]), parse_ids(lines[i])) << texts[i];
}

INSTANTIATE_TEST_SUITE_P(Families, PublishedTokenizer,
                         testing::Values("llada-8b-instruct", "dream-7b", "qwen3-sdar", "gpt2-mdlm"),
                         test_name);

// --- the rest of the interface ---

TEST(Tokenizer, KnowsItsTokens) {
  const Tokenizer tokenizer = Tokenizer::load(bundled);
  EXPECT_EQ(tokenizer.size(), 642);
  EXPECT_EQ(tokenizer.token_id("<|mask|>"), 638);
  EXPECT_EQ(tokenizer.token_id("Ġ"), 32);
  EXPECT_EQ(tokenizer.token_id("no such token"), std::nullopt);
  EXPECT_TRUE(tokenizer.is_special(638));
  EXPECT_FALSE(tokenizer.is_special(32));
  EXPECT_FALSE(tokenizer.is_special(-1));
  EXPECT_EQ(tokenizer.token_bytes(32), " ");
  EXPECT_EQ(tokenizer.token_bytes(0), std::string_view("\0", 1));
  EXPECT_EQ(tokenizer.token_bytes(638), "<|mask|>");
  EXPECT_EQ(tokenizer.token_bytes(700), "");
}

TEST(Tokenizer, DecodesPartsOfCharacters) {
  const Tokenizer tokenizer = Tokenizer::load(bundled);
  const Ids face = tokenizer.encode("😀");
  ASSERT_EQ(face.size(), 4u);
  EXPECT_EQ(tokenizer.decode(face), "😀");
  EXPECT_EQ(tokenizer.decode(std::span(face).first(3)), "\ufffd")
      << "one for the longest prefix of a character";
  EXPECT_EQ(tokenizer.decode(std::span(face).last(2)), "\ufffd\ufffd");
  EXPECT_EQ(tokenizer.decode(Ids{97, 700, -5, 98}), "ab") << "ids without a token are left out";
}

// MDLM's mask, for one: id 50257 with GPT-2's vocabulary of 50257 tokens.
TEST(Tokenizer, ATokenOnePastTheVocabularyHasNoText) {
  const Tokenizer tokenizer = Tokenizer::load(fixtures / "gpt2");
  const auto past = static_cast<int32_t>(tokenizer.size());
  Ids ids = tokenizer.encode("masked");
  ids.insert(ids.begin() + 1, past);
  ids.push_back(past);
  EXPECT_EQ(tokenizer.decode(ids), "masked");
  EXPECT_EQ(tokenizer.decode(ids, true), "masked");
  EXPECT_EQ(tokenizer.token_bytes(past), "");
  EXPECT_FALSE(tokenizer.is_special(past));
}

TEST(Tokenizer, TakesAddedTokensForTextWhereAsked) {
  const Tokenizer tokenizer = Tokenizer::load(bundled);
  EXPECT_THAT(tokenizer.encode("<|mask|>"), ElementsAre(638));
  const Ids text = tokenizer.encode("<|mask|>", {.recognize_added_tokens = false});
  EXPECT_GT(text.size(), 1u);
  EXPECT_THAT(text, testing::Not(testing::Contains(638)));
  EXPECT_EQ(tokenizer.decode(text), "<|mask|>");
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  const Tokenizer tokenizer = Tokenizer::load(bundled);
  const auto refused = [&](std::string_view text, const char* words) {
    expect_error(Status::invalid_argument, words, [&] { tokenizer.encode(text); });
  };
  refused("ab\xff", "offset 2");
  refused("\xc0\x80", "offset 0");          // overlong
  refused("a\xed\xa0\x80", "offset 1");     // surrogate
  refused("\xf4\x90\x80\x80", "offset 0");  // above U+10FFFF
  refused("abc\xe2\x82", "offset 3");       // cut
}

// Quadratic work on these would take minutes of the processor.
TEST(Tokenizer, LongRunsTakeNoLonger) {
  const std::clock_t begin = std::clock();
  for (const char* kind : {"qwen", "gpt2"}) {
    const Tokenizer tokenizer = Tokenizer::load(fixtures / kind);
    for (const char* unit : {"a", " ", "the", "\n"}) {
      std::string text;
      while (text.size() < 100'000) text += unit;
      EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text) << unit;
    }
  }
  EXPECT_LT(std::clock() - begin, 30 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace unmask::model
