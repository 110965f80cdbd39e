#include "model/gguf/tokenizer.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/chat.h"
#include "model/tokenizer/tokenizer_file.h"

namespace unmask::model::gguf {
namespace {

constexpr const char* whole_tokenizer = "tokenizer.huggingface.json";

// ggml's kinds of tokens.
enum TokenType : int32_t { normal = 1, control = 3, user_defined = 4, unused = 5, byte = 6 };

// What llama.cpp's names of pre-tokenizers stand for; the first is the one that we write.
struct PreTokenizerKind {
  std::array<std::string_view, 3> names;
  const char* pattern;  // null: GPT-2's, which ByteLevel has built in
  bool compose;         // NFC first
  bool ignore_merges;
};

constexpr PreTokenizerKind kinds[] = {
    {{"gpt-2"}, nullptr, false, false},
    {{"qwen2"},
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     true,
     false},
    {{"llama-bpe", "llama3", "llama-v3"},
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     false,
     true},
    {{"llada-moe", "bailingmoe", "bailingmoe2"},  // LLaDA's, dense or not
     R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)",
     true,
     false},
};

Json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", use_regex}};
}

Json stages(const PreTokenizerKind& kind) {
  if (kind.pattern == nullptr) return Json::array({byte_level(true)});
  const Json split = {
      {"type", "Split"}, {"pattern", {{"Regex", kind.pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
  return Json::array({split, byte_level(false)});
}

Json normalizers(const PreTokenizerKind& kind) {
  return kind.compose ? Json::array({{{"type", "NFC"}}}) : Json::array();
}

const PreTokenizerKind& kind_of(const std::string& name, const std::string& where) {
  std::string names;
  for (const PreTokenizerKind& kind : kinds) {
    if (!name.empty() && std::ranges::count(kind.names, name) > 0) return kind;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", kind.names[0]);
  }
  fail(Status::unsupported, "The pre-tokenizer of {} is \"{}\"; this build knows: {}.", where,
       excerpt(std::string_view(name)), names);
}

// --- reading ---

class TableReader {
 public:
  TableReader(const Json& metadata, const std::string& where)
      : where_("the vocabulary of " + where),
        tokens_(array_member(metadata, "tokenizer.ggml.tokens", where)) {
    if (find_member(metadata, "tokenizer.ggml.token_type") == nullptr) return;
    types_ = &array_member(metadata, "tokenizer.ggml.token_type", where);
    require(types_->size() == tokens_.size(), Status::bad_model, "{} has {} tokens, but the types of {}.",
            where_, tokens_.size(), types_->size());
  }

  void read() {
    for (size_t id = 0; id < tokens_.size(); ++id) {
      require(tokens_[id].is_string(), Status::bad_model, "Token {} of {} must be a text, not {}.", id,
              where_, excerpt(tokens_[id]));
      add(static_cast<int32_t>(id), tokens_[id].get_ref<const std::string&>());
    }
  }

  Json vocabulary = Json::object(), added = Json::array();

 private:
  void add(int32_t id, const std::string& text) {
    const int64_t type = types_ == nullptr ? int64_t{normal}
                                           : as_integer((*types_)[static_cast<size_t>(id)], 0, byte,
                                                        "A token's type in " + where_);
    if (type == control || type == user_defined) {
      added.push_back({{"id", id}, {"content", text}, {"special", type == control}, {"normalized", false}});
    } else if (type != unused) {
      const auto [same, is_new] =
          vocabulary.get_ref<Json::object_t&>().try_emplace(text, static_cast<uint32_t>(id));
      require(is_new, Status::bad_model, "The tokens {} and {} of {} are the same.", excerpt(same->second),
              id, where_);
    }
  }

  std::string where_;
  const Json& tokens_;
  const Json* types_ = nullptr;
};

}  // namespace

std::optional<Json> tokenizer_json(const Json& metadata, const std::string& where) {
  if (find_member(metadata, whole_tokenizer) != nullptr)
    return parse_json_object(string_member(metadata, whole_tokenizer, where), "The tokenizer of " + where);
  if (find_member(metadata, "tokenizer.ggml.model") == nullptr) return std::nullopt;
  const std::string& model = string_member(metadata, "tokenizer.ggml.model", where);
  require(model == "gpt2", Status::unsupported,
          "The tokenizer of {} is of type \"{}\"; only byte-level BPE (\"gpt2\") is supported.", where,
          excerpt(std::string_view(model)));
  const bool has_name = find_member(metadata, "tokenizer.ggml.pre") != nullptr;
  const PreTokenizerKind& kind =
      kind_of(has_name ? string_member(metadata, "tokenizer.ggml.pre", where) : "", where);
  TableReader tables(metadata, where);
  tables.read();
  return Json{{"normalizer", {{"type", "Sequence"}, {"normalizers", normalizers(kind)}}},
              {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", stages(kind)}}},
              {"model",
               {{"type", "BPE"},
                {"vocab", std::move(tables.vocabulary)},
                {"merges", array_member(metadata, "tokenizer.ggml.merges", where)},
                {"ignore_merges", kind.ignore_merges}}},
              {"decoder", {{"type", "ByteLevel"}}},
              {"added_tokens", std::move(tables.added)}};
}

// --- writing ---

namespace {

constexpr uint64_t max_tokenizer_bytes = 200'000'000;

// Stages one after the other, without what does not change a token and with defaults spelt out.
Json flattened(const Json* json, const char* list) {
  Json result = Json::array();
  if (json == nullptr) return result;
  const Json single = Json::array({*json});
  const bool is_sequence = find_member(*json, "type") != nullptr && (*json)["type"] == "Sequence";
  for (Json stage : is_sequence ? (*json)[list] : single) {
    stage.erase("trim_offsets");
    if (stage["type"] == "ByteLevel") {
      stage.emplace("use_regex", true);
      stage.emplace("add_prefix_space", true);
    }
    if (stage["type"] == "Split") stage.emplace("invert", false);
    result.push_back(std::move(stage));
  }
  return result;
}

const PreTokenizerKind* find_kind(const Json& tokenizer) {
  const Json found_stages = flattened(find_member(tokenizer, "pre_tokenizer"), "pretokenizers");
  const Json found_normalizers = flattened(find_member(tokenizer, "normalizer"), "normalizers");
  const bool ignore_merges = bool_member_or(tokenizer["model"], "ignore_merges", false, "tokenizer.json");
  for (const PreTokenizerKind& kind : kinds)
    if (stages(kind) == found_stages && normalizers(kind) == found_normalizers &&
        kind.ignore_merges == ignore_merges)
      return &kind;
  return nullptr;
}

// Whether ggml's tables have a word for all that the tokenizer does.
bool tables_suffice(const Json& tokenizer, const TokenizerParts& parts) {
  const bool normalizes = find_member(tokenizer, "normalizer") != nullptr;
  const bool plain = std::ranges::all_of(parts.added, [&](const auto& entry) {
    const AddedToken& t = entry.second;
    return !t.single_word && !t.lstrip && !t.rstrip && !(t.normalized && normalizes);
  });
  return plain && parts.post_processor.before.empty() && parts.post_processor.after.empty() &&
         find_member(tokenizer["model"], "unk_token") == nullptr;
}

// tokenizer.json with the tokens that other files of the folder add.
std::string whole_text(Json tokenizer, const TokenizerParts& parts) {
  Json added = Json::array();
  for (const auto& [id, t] : parts.added)
    added.push_back({{"id", id},
                     {"content", t.content},
                     {"single_word", t.single_word},
                     {"lstrip", t.lstrip},
                     {"rstrip", t.rstrip},
                     {"normalized", t.normalized},
                     {"special", t.special}});
  tokenizer["added_tokens"] = std::move(added);
  return tokenizer.dump();
}

void write_tokens(const TokenizerParts& parts, uint32_t vocabulary, Writer& writer) {
  std::vector<std::string> texts;
  std::vector<int32_t> types;
  const auto size = std::max(static_cast<int32_t>(vocabulary), parts.size);
  for (int32_t id = 0; id < size; ++id) {
    const auto added = parts.added.find(id);
    if (added != parts.added.end()) {
      texts.push_back(added->second.content);
      types.push_back(added->second.special ? control : user_defined);
    } else {
      const std::string* token = parts.bpe.token(id);
      texts.push_back(token != nullptr ? *token : fmt::format("[PAD{}]", id));
      types.push_back(token != nullptr ? normal : unused);
    }
  }
  writer.texts("tokenizer.ggml.tokens", texts);
  writer.integers("tokenizer.ggml.token_type", types);
}

void write_merges(const Json& tokenizer, Writer& writer) {
  std::vector<std::string> texts;
  for (const Json& merge : tokenizer["model"]["merges"]) {
    if (merge.is_array()) {
      texts.push_back(fmt::format("{} {}", merge[0].get<std::string>(), merge[1].get<std::string>()));
    } else if (const auto text = merge.get<std::string>(); !text.starts_with("#version")) {
      texts.push_back(text);
    }
  }
  writer.texts("tokenizer.ggml.merges", texts);
}

}  // namespace

void write_tokenizer(const std::filesystem::path& folder, uint32_t vocabulary, Writer& writer) {
  if (!std::filesystem::exists(folder / "tokenizer.json")) return;
  const TokenizerParts parts = read_tokenizer(folder);
  const Json tokenizer = read_json_object(folder / "tokenizer.json", max_tokenizer_bytes);
  const PreTokenizerKind* kind = find_kind(tokenizer);
  writer.text("tokenizer.ggml.model", "gpt2");
  // A name that llama.cpp refuses is better than one that makes it cut texts in other places.
  writer.text("tokenizer.ggml.pre", std::string(kind != nullptr ? kind->names[0] : "huggingface"));
  write_tokens(parts, vocabulary, writer);
  write_merges(tokenizer, writer);
  if (const std::string text = read_chat_template(folder); !text.empty())
    writer.text("tokenizer.chat_template", text);
  if (kind == nullptr || !tables_suffice(tokenizer, parts))
    writer.text(whole_tokenizer, whole_text(tokenizer, parts));
}

}  // namespace unmask::model::gguf
