#include "model/tokenizer/tokenizer_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"

namespace unmask::model {
namespace {

constexpr uint64_t max_tokenizer_bytes = 200'000'000;

// Collects added tokens from the files that may name them; the first file that names an id or a text counts.
class AddedTokenReader {
 public:
  AddedTokenReader(const Bpe& bpe, TokenizerParts& parts) : bpe_(bpe), parts_(parts) {}

  void read_tokenizer_json(const Json& tokenizer, const std::string& where) {
    if (find_member(tokenizer, "added_tokens") == nullptr) return;
    for (const Json& json : array_member(tokenizer, "added_tokens", where)) {
      const Json* id = find_member(json, "id");
      require(id != nullptr, Status::bad_model, "An added token of {} lacks its id.", where);
      const AddedToken token = parse_added_token(json, parse_id(*id, where), where);
      require(!is_known(token), Status::bad_model, "{} adds two tokens with the id {} or the text \"{}\".",
              where, token.id, excerpt(std::string_view(token.content)));
      add(token, where);
    }
  }

  void read_folder(const std::filesystem::path& folder) {
    const std::filesystem::path config = folder / "tokenizer_config.json";
    if (is_there(config) && read_config(read_json_object(config, max_tokenizer_bytes), config.string()))
      return;
    const std::filesystem::path list = folder / "added_tokens.json";
    if (is_there(list)) read_list(read_json_object(list, max_tokenizer_bytes), list.string());
  }

 private:
  static int32_t parse_id(const Json& id, const std::string& where) {
    return static_cast<int32_t>(as_integer(id, 0, max_token_id, "The id of an added token of " + where));
  }

  // "added_tokens_decoder" maps ids to tokens. Says whether it was there.
  bool read_config(const Json& config, const std::string& where) {
    if (find_member(config, "added_tokens_decoder") == nullptr) return false;
    const std::set<std::string> specials = named_specials(config);
    for (const auto& [key, json] : object_member(config, "added_tokens_decoder", where).items()) {
      AddedToken token = parse_added_token(json, parse_id(Json::parse(key, nullptr, false), where), where);
      token.special = token.special || specials.contains(token.content);
      if (!is_known(token)) add(token, where);
    }
    return true;
  }

  // Tokens with a role ("mask_token") and those listed as special are special whatever their own entry says.
  static std::set<std::string> named_specials(const Json& config) {
    std::set<std::string> result;
    for (const char* role :
         {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"})
      if (const Json* name = find_member(config, role); name != nullptr && name->is_string())
        result.insert(*name);
    if (const Json* list = find_member(config, "additional_special_tokens");
        list != nullptr && list->is_array())
      for (const Json& name : *list)
        if (name.is_string()) result.insert(name);
    return result;
  }

  // The old form: texts to ids, without a word on what they are.
  void read_list(const Json& list, const std::string& where) {
    for (const auto& [content, id] : list.items()) {
      require(!content.empty(), Status::bad_model, "{} adds an empty token.", where);
      const AddedToken token{.id = parse_id(id, where), .content = content, .special = true};
      if (!is_known(token)) add(token, where);
    }
  }

  bool is_known(const AddedToken& token) const {
    return parts_.added.contains(token.id) || parts_.added_ids.contains(token.content);
  }

  void add(const AddedToken& token, const std::string& where) {
    const std::string* spelled = bpe_.token(token.id);
    const auto id = bpe_.token_id(token.content);
    require(spelled == nullptr ? !id : *spelled == token.content, Status::bad_model,
            "{} gives the added token \"{}\" the id {}, but the vocabulary disagrees.", where,
            excerpt(std::string_view(token.content)), token.id);
    parts_.added.emplace(token.id, token);
    parts_.added_ids.emplace(token.content, token.id);
  }

  const Bpe& bpe_;
  TokenizerParts& parts_;
};

void fill_finders(TokenizerParts& parts) {
  for (const auto& [id, token] : parts.added) {
    if (token.normalized) {
      parts.normalized_finder.add(parts.normalizer.normalize(token.content), token);
    } else {
      parts.finder.add(token.content, token);
    }
  }
}

void check_decoder(const Json& tokenizer, const std::string& where) {
  const Json* decoder = find_member(tokenizer, "decoder");
  require(decoder != nullptr && find_member(*decoder, "type") != nullptr && (*decoder)["type"] == "ByteLevel",
          Status::unsupported,
          "The decoder of {} is not ByteLevel; only byte-level tokenizers are supported.", where);
}

// `folder` may add tokens; null: there is none.
TokenizerParts parse(const Json& json, const std::string& where, const std::filesystem::path* folder) {
  check_decoder(json, where);
  TokenizerParts parts{.normalizer = Normalizer::parse(json, where),
                       .pre_tokenizer = PreTokenizer::parse(json, where),
                       .bpe = Bpe::parse(json, where)};
  AddedTokenReader reader(parts.bpe, parts);
  reader.read_tokenizer_json(json, where);
  if (folder != nullptr) reader.read_folder(*folder);
  const int32_t added_size = parts.added.empty() ? 0 : parts.added.rbegin()->first + 1;
  parts.size = std::max(parts.bpe.size(), added_size);
  parts.post_processor = PostProcessor::parse(json, parts.size, where);
  fill_finders(parts);
  return parts;
}

}  // namespace

TokenizerParts parse_tokenizer(const Json& json, const std::string& where) {
  return parse(json, where, nullptr);
}

TokenizerParts read_tokenizer(const std::filesystem::path& folder_or_file) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(folder_or_file, error);
  const std::filesystem::path path = is_folder ? folder_or_file / "tokenizer.json" : folder_or_file;
  return parse(read_json_object(path, max_tokenizer_bytes), path.string(),
               is_folder ? &folder_or_file : nullptr);
}

}  // namespace unmask::model
