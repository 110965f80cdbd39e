// Vocabularies in GGUF files: the tokenizer of the tables is the one of tokenizer.json.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>

#include "base/mapped_file.h"
#include "model/gguf/file.h"
#include "model/gguf/tokenizer.h"
#include "model/tokenizer/tokenizer.h"
#include "model/tokenizer/tokenizer_file.h"
#include "support/expect_error.h"

namespace unmask::model::gguf {
namespace {

using tests::expect_error;
using Ids = std::vector<int32_t>;

const std::filesystem::path shared = UNMASK_TEST_DATA;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The metadata that a folder's tokenizer becomes, read back.
Json written(const std::filesystem::path& folder, uint32_t vocabulary) {
  Writer writer;
  write_tokenizer(folder, vocabulary, writer);
  const std::string file = writer.header();
  return read(std::as_bytes(std::span(file)), "written.gguf").metadata;
}

Tokenizer tokenizer_of(const Json& metadata) {
  return Tokenizer::make(parse_tokenizer(*tokenizer_json(metadata, "some.gguf"), "some.gguf"));
}

Json recorded(const std::string& kind) {
  return Json::parse(read_file(shared / "tokenizers" / (kind + ".json")));
}

std::filesystem::path folder_of(const std::string& kind) {
  return kind == "word-problems"
             ? std::filesystem::path(UNMASK_REPOSITORY) / "examples/models/word-problems/verifier"
             : shared / "tokenizers" / kind;
}

class WrittenTokenizer : public testing::TestWithParam<const char*> {};

TEST_P(WrittenTokenizer, EncodesAsBefore) {
  const Tokenizer tokenizer = tokenizer_of(written(folder_of(GetParam()), 700));
  for (const Json& c : recorded(GetParam())) {
    const auto ids = c["ids"].get<Ids>();
    EXPECT_EQ(tokenizer.encode(c["text"].get<std::string>()), ids) << c["text"];
    EXPECT_EQ(tokenizer.encode(c["text"].get<std::string>(), {.add_special = true}),
              c.value("with_special", ids));
    EXPECT_EQ(tokenizer.decode(ids, true),
              c.value("without_special", c.value("decoded", c["text"].get<std::string>())));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WrittenTokenizer,
                         testing::Values("word-problems", "qwen", "llada", "gpt2", "llama3", "digits",
                                         "split-next"),
                         [](const auto& p) {
                           std::string name = p.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// GGUF has no word for tokens that want a whole word, take blanks along or are looked for in normalised text.
bool is_plain(const std::string& text) {
  return text.find("<|word|>") == std::string::npos && text.find("<|strip|>") == std::string::npos &&
         text.find("<norm") == std::string::npos;
}

// Without the whole tokenizer.json.
class Tables : public testing::TestWithParam<const char*> {
 protected:
  static void expect_recorded(const Tokenizer& tokenizer) {
    for (const Json& c : recorded(GetParam())) {
      const auto text = c["text"].get<std::string>();
      if (is_plain(text)) {
        EXPECT_EQ(tokenizer.encode(text), c["ids"].get<Ids>()) << c["text"];
      }
    }
  }
};

TEST_P(Tables, EncodeAsTokenizerJson) {
  Json metadata = written(folder_of(GetParam()), 440);
  EXPECT_EQ(metadata["tokenizer.ggml.tokens"].size(), 440u);
  metadata.erase("tokenizer.huggingface.json");
  const Tokenizer tokenizer = tokenizer_of(metadata);
  expect_recorded(tokenizer);
  EXPECT_EQ(tokenizer.size(), 428);
  EXPECT_TRUE(tokenizer.is_special(420));
  EXPECT_FALSE(tokenizer.is_special(424));
  EXPECT_EQ(tokenizer.token_bytes(430), "") << "padding is no token";
}

INSTANTIATE_TEST_SUITE_P(Kinds, Tables, testing::Values("qwen", "llada", "gpt2"),
                         [](const auto& p) { return std::string(p.param); });

TEST(GgufTokenizer, OfThePackageEncodesAsTokenizerJson) {
  const MappedFile file(shared / "gguf" / "llada.gguf");
  const Tokenizer tokenizer = tokenizer_of(read(file.bytes(), "llada.gguf").metadata);
  for (const Json& c : recorded("llada")) {
    const auto text = c["text"].get<std::string>();
    if (is_plain(text)) {
      EXPECT_EQ(tokenizer.encode(text), c["ids"].get<Ids>()) << c["text"];
    }
  }
}

TEST(GgufTokenizer, TheWholeFileIsWrittenOnlyWhereTablesFallShort) {
  EXPECT_TRUE(written(folder_of("digits"), 440).contains("tokenizer.huggingface.json"));
  Json plain = Json::parse(read_file(folder_of("qwen") / "tokenizer.json"));
  for (Json& token : plain["added_tokens"])
    token["single_word"] = token["lstrip"] = token["rstrip"] = token["normalized"] = false;
  const auto folder = std::filesystem::path(testing::TempDir()) / "unmask_plain_tokenizer";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "tokenizer.json") << plain.dump();
  EXPECT_FALSE(written(folder, 440).contains("tokenizer.huggingface.json"));
  std::filesystem::remove_all(folder);
}

TEST(GgufTokenizer, IsAbsentWhereTheFileHasNone) {
  EXPECT_EQ(tokenizer_json(Json::object(), "some.gguf"), std::nullopt);
  EXPECT_EQ(written(shared / "golden" / "llada", 128), Json::object());
}

// --- hostile tables ---

Json small_tables() {
  return {{"tokenizer.ggml.model", "gpt2"},
          {"tokenizer.ggml.pre", "gpt-2"},
          {"tokenizer.ggml.tokens", {"a", "b", "ab", "<|mask|>"}},
          {"tokenizer.ggml.token_type", {1, 1, 1, 3}},
          {"tokenizer.ggml.merges", {"a b"}}};
}

void expect_refused(Status status, const char* words, const char* key, const Json& value) {
  Json metadata = small_tables();
  metadata[key] = value;
  expect_error(status, words, [&] { tokenizer_of(metadata); });
}

TEST(GgufTokenizer, RefusesDamagedTables) {
  EXPECT_EQ(tokenizer_of(small_tables()).encode("abb<|mask|>"), (Ids{2, 1, 3}));
  expect_refused(Status::bad_model, "are the same", "tokenizer.ggml.tokens", {"a", "b", "a", "c"});
  expect_refused(Status::bad_model, "must be a text", "tokenizer.ggml.tokens", {"a", 5, "ab", "c"});
  expect_refused(Status::bad_model, "but the types of 3", "tokenizer.ggml.token_type", {1, 1, 1});
  expect_refused(Status::bad_model, "A token's type", "tokenizer.ggml.token_type", {1, 1, 1, 9});
  expect_refused(Status::bad_model, "which the vocabulary lacks", "tokenizer.ggml.merges", {"a x"});
  expect_refused(Status::bad_model, "one space between", "tokenizer.ggml.merges", {"ab"});
  expect_refused(Status::bad_model, "must be an array", "tokenizer.ggml.merges", 7);
  expect_refused(Status::unsupported, "this build knows: gpt-2", "tokenizer.ggml.pre", "tekken");
  expect_refused(Status::unsupported, "this build knows: gpt-2", "tokenizer.ggml.pre", nullptr);
  expect_refused(Status::unsupported, "only byte-level BPE", "tokenizer.ggml.model", "llama");
  expect_refused(Status::bad_model, "is not valid JSON", "tokenizer.huggingface.json", "{");
}

// --- llama.cpp's vocabularies, where their files are at hand ---

std::vector<std::string> split(const std::string& text, const std::string& at) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(at, begin)) != std::string::npos; begin = end + at.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

class PublishedVocabulary : public testing::TestWithParam<const char*> {};

TEST_P(PublishedVocabulary, AgreesWithItsVectors) {
  const char* data = std::getenv("UNMASK_SHARED_DATA");
  const std::filesystem::path root = data != nullptr
                                         ? std::filesystem::path(data)
                                         : std::filesystem::path(UNMASK_REPOSITORY) / "../shared/data";
  const auto path = root / "vocab" / fmt::format("ggml-vocab-{}.gguf", GetParam());
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here (set UNMASK_SHARED_DATA)";
  const MappedFile file(path);
  const Tokenizer tokenizer = tokenizer_of(read(file.bytes(), path.string()).metadata);
  const auto texts = split(read_file(path.string() + ".inp"), "\n__ggml_vocab_test__\n");
  const auto lines = split(read_file(path.string() + ".out"), "\n");
  ASSERT_GE(lines.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    std::istringstream ids(lines[i]);
    EXPECT_EQ(tokenizer.encode(texts[i]), Ids(std::istream_iterator<int32_t>(ids), {})) << texts[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PublishedVocabulary, testing::Values("qwen2"),
                         [](const auto& p) { return std::string(p.param); });

}  // namespace
}  // namespace unmask::model::gguf
