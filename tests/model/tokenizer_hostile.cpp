// Files that are damaged or made to harm: each is refused with its sentence.
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "model/tokenizer/regex.h"
#include "model/tokenizer/tokenizer.h"
#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace unmask::model {
namespace {

using nlohmann::json;
using tests::expect_error;
using tests::TemporaryFolder;

constexpr Status bad = Status::bad_model;
constexpr Status unsupported = Status::unsupported;

// The smallest tokenizer: a, b, ab and a mask.
json tiny() {
  return json::parse(R"({
    "added_tokens": [{"id": 3, "content": "<|mask|>", "special": true, "normalized": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    "post_processor": null,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
}

Tokenizer load(const json& file) {
  const TemporaryFolder folder;
  return Tokenizer::load(folder.write("tokenizer.json", file.dump()));
}

TEST(TinyTokenizer, Works) {
  const Tokenizer tokenizer = load(tiny());
  EXPECT_EQ(tokenizer.encode("abb<|mask|>a"), (std::vector<int32_t>{2, 1, 3, 0}));
  EXPECT_EQ(tokenizer.encode("acb"), (std::vector<int32_t>{2})) << "bytes without a token vanish";
  EXPECT_EQ(tokenizer.size(), 4);
}

TEST(TinyTokenizer, UnknownTokenStandsForMissingBytes) {
  json file = tiny();
  file["model"]["unk_token"] = "b";
  EXPECT_EQ(load(file).encode("accd"), (std::vector<int32_t>{2, 1, 1}));
  file["model"]["fuse_unk"] = true;
  EXPECT_EQ(load(file).encode("accda"), (std::vector<int32_t>{2, 0}));
}

TEST(TinyTokenizer, FoldersAddTokens) {
  const TemporaryFolder folder;
  folder.write("tokenizer.json", tiny().dump());
  folder.write("added_tokens.json", R"({"<|mask|>": 3, "<MASK>": 7})");
  EXPECT_EQ(Tokenizer::load(folder.path()).encode("<MASK>"), (std::vector<int32_t>{7}));
  folder.write(
      "tokenizer_config.json",
      R"({"mask_token": "<M>", "added_tokens_decoder": {"9": {"content": "<M>", "special": false}}})");
  const Tokenizer tokenizer = Tokenizer::load(folder.path());
  EXPECT_EQ(tokenizer.token_id("<M>"), 9);
  EXPECT_TRUE(tokenizer.is_special(9)) << "a token with a role is special";
  EXPECT_EQ(tokenizer.token_id("<MASK>"), std::nullopt)
      << "the older file counts only where the newer is silent";
}

// --- one member of the file changed ---

struct Change {
  const char* pointer;  // JSON pointer
  json value;
  Status status;
  const char* words;
};

class HostileTokenizer : public testing::TestWithParam<Change> {};

TEST_P(HostileTokenizer, IsRefusedWithASentence) {
  json file = tiny();
  file[json::json_pointer(GetParam().pointer)] = GetParam().value;
  expect_error(GetParam().status, GetParam().words, [&] { load(file); });
}

json regex_split(const char* pattern) {
  return {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
}

json token(json id, const char* content) { return {{"id", id}, {"content", content}, {"special", true}}; }

const Change changes[] = {
    {"/model", nullptr, bad, "lacks \"model\""},
    {"/model", "BPE", bad, "\"model\" of"},
    {"/model/type", "Unigram", unsupported, "a tokenizer of type \"Unigram\""},
    {"/model/vocab", json::array({"a"}), bad, "must be an object, not an array"},
    {"/model/vocab", json::object(), bad, "vocabulary of"},
    {"/model/vocab/a", -1, bad, "must have an id from 0 to 4000000, not -1"},
    {"/model/vocab/a", 18446744073709551615ull, bad, "not 18446744073709551615"},
    {"/model/vocab/a", 4000001, bad, "not 4000001"},
    {"/model/vocab/a", "0", bad, "not \"0\""},
    {"/model/vocab/a", 0.5, bad, "not 0.5"},
    {"/model/vocab/a", 1, bad, "have the same id 1"},
    {"/model/vocab/", 5, bad, "has an empty token"},
    {"/model/merges", nullptr, bad, "lacks \"merges\""},
    {"/model/merges", json::array({{"a", "c"}}), bad, "Merge 0 of"},
    {"/model/merges", json::array({{"b", "a"}}), bad, "needs the token \"ba\""},
    {"/model/merges", json::array({{"a", "b", "c"}}), bad, "not an array"},
    {"/model/merges", json::array({"ab"}), bad, "two tokens with one space between, not \"ab\""},
    {"/model/merges", json::array({"a b b"}), bad, "with one space between"},
    {"/model/merges", json::array({5}), bad, "not 5"},
    {"/model/unk_token", "<unk>", bad, "unknown token \"<unk>\""},
    {"/model/byte_fallback", true, unsupported, "\"byte_fallback\""},
    {"/model/byte_fallback", 1, bad, "must be true or false"},
    {"/model/dropout", 0.1, unsupported, "\"dropout\""},
    {"/model/continuing_subword_prefix", "##", unsupported, "\"continuing_subword_prefix\""},
    {"/model/end_of_word_suffix", "</w>", unsupported, "\"end_of_word_suffix\""},
    {"/added_tokens", 3, bad, "must be an array"},
    {"/added_tokens", json::array({{{"content", "x"}}}), bad, "lacks its id"},
    {"/added_tokens", json::array({token(-3, "x")}), bad, "not -3"},
    {"/added_tokens", json::array({token(1ull << 40, "x")}), bad, "not 1099511627776"},
    {"/added_tokens", json::array({token(3, "")}), bad, "is empty"},
    {"/added_tokens", json::array({token(1, "x")}), bad, "but the vocabulary disagrees"},
    {"/added_tokens", json::array({token(5, "ab")}), bad, "but the vocabulary disagrees"},
    {"/added_tokens", json::array({token(5, "x"), token(5, "y")}), bad, "adds two tokens with the id 5"},
    {"/added_tokens", json::array({token(5, "x"), token(6, "x")}), bad, "the text \"x\""},
    {"/normalizer", {{"type", "Lowercase"}}, unsupported, "the type \"Lowercase\""},
    {"/normalizer", 4, bad, "lacks \"type\""},
    {"/decoder", nullptr, unsupported, "is not ByteLevel"},
    {"/decoder/type", "WordPiece", unsupported, "is not ByteLevel"},
    {"/post_processor", {{"type", "BertProcessing"}}, unsupported, "the type \"BertProcessing\""},
    {"/post_processor",
     {{"type", "TemplateProcessing"}, {"single", json::array()}, {"special_tokens", json::object()}},
     unsupported,
     "drops the text"},
    {"/pre_tokenizer", nullptr, unsupported, "has no pre-tokenizer"},
    {"/pre_tokenizer", {{"type", "Metaspace"}}, unsupported, "the type \"Metaspace\""},
    {"/pre_tokenizer", regex_split("("), bad, "is not valid"},
    {"/pre_tokenizer", regex_split("a{2,1}"), bad, "is not valid"},
    {"/pre_tokenizer", regex_split("((a{900}){900}){900}"), bad, "is not valid"},
    {"/pre_tokenizer", regex_split("(*LIMIT_MATCH=4000000000)a"), unsupported, "a special group"},
    {"/pre_tokenizer", regex_split(R"((a)\1)"), unsupported, "\\1"},
    {"/pre_tokenizer", regex_split(R"(\C)"), unsupported, "\\C"},
    {"/pre_tokenizer/type", json::object(), bad, "\"type\" of"},
};

INSTANTIATE_TEST_SUITE_P(Changes, HostileTokenizer, testing::ValuesIn(changes));

// --- files that are no such JSON ---

TEST(HostileTokenizerFile, IsRefusedWithASentence) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& content, const char* words) {
    const auto path = folder.write("tokenizer.json", content);
    expect_error(bad, words, [&] { Tokenizer::load(path); });
  };
  refused("", "is not valid JSON");
  refused("\x89PNG\r\n", "is not valid JSON");
  refused(tiny().dump().substr(0, 200), "is not valid JSON");
  refused(std::string(1'000'000, '['), "is nested deeper than 32 levels");
  refused(R"({"model": 1, "model": 2})", "has the key \"model\" twice");
  expect_error(Status::not_found, "tokenizer.json",
               [&] { Tokenizer::load(folder.path() / "x" / "tokenizer.json"); });
}

TEST(HostileTokenizerFile, DeepSequencesEnd) {
  json stage = {{"type", "ByteLevel"}};
  for (int i = 0; i < 20; ++i) stage = {{"type", "Sequence"}, {"pretokenizers", {stage}}};
  json file = tiny();
  file["pre_tokenizer"] = stage;
  expect_error(bad, "is nested deeper than", [&] { load(file); });
}

TEST(HostileTokenizerFile, ExponentialPatternsGiveUp) {
  json file = tiny();
  file["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers", {regex_split("(a|aa)*(b|c)d"), {{"type", "ByteLevel"}}}}};
  const Tokenizer tokenizer = load(file);
  expect_error(bad, "gave up on a text of", [&] { tokenizer.encode(std::string(5000, 'a') + "d"); });
}

// --- Oniguruma's syntax ---

TEST(Regex, WhiteSpaceIsUnicodesProperty) {
  const Regex space = Regex::from_oniguruma(R"(\s)", "test");
  EXPECT_EQ(space.find_all("a b\u0085c\u3000d\u2028").size(), 4u);
  EXPECT_TRUE(space.find_all("\u180e\u200b\ufeff").empty());
  EXPECT_EQ(Regex::from_oniguruma(R"([^\S])", "test").find_all("a b\u180e").size(), 1u);
  EXPECT_EQ(Regex::from_oniguruma(R"([^\sa])", "test").find_all("a b\u180e").size(), 2u);
}

TEST(Regex, EmptyMatchesDoNotStandStill) {
  const auto matches = Regex::from_oniguruma("b*", "test").find_all("abbé");
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const TextRange match : matches) ranges.emplace_back(match.begin, match.end);
  EXPECT_EQ(ranges, (std::vector<std::pair<size_t, size_t>>{{0, 0}, {1, 3}, {5, 5}}));
}

TEST(Regex, LiteralsAreQuoted) {
  EXPECT_EQ(Regex::from_literal("a.\\E(", "test").find_all("a.\\E(aX\\E(").size(), 1u);
}

TEST(Regex, RefusesWhatTheLibrariesReadDifferently) {
  for (const char* pattern :
       {R"(\w+)",     R"(\bx)",      R"(\h)",        R"(\R)",  R"(\X)",  R"([[a-z]&&[b]])",
        "[a&&b]",     "[[:alpha:]]", R"(\p{Greek})", R"(\pL)", "(?m:.)", "(?i)a",
        "(?<name>a)", "a{2}+",       "a{,2}",        "a{",     "[]a]",   R"(\x41)",
        "(?#c)",      "\\",          R"(\p{L)",      "[a"}) {
    expect_error(unsupported, "does not support", [&] { Regex::from_oniguruma(pattern, "test"); });
  }
}

}  // namespace
}  // namespace unmask::model
