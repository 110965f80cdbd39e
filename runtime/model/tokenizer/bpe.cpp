#include "model/tokenizer/bpe.h"

#include <algorithm>

#include "base/error.h"
#include "model/tokenizer/byte_level.h"

namespace unmask::model {
namespace {

constexpr int32_t no_token = -1;

void refuse_unless(bool supported, const char* what, const std::string& where) {
  require(supported, Status::unsupported, "The model of {} has {}, which this build does not support.", where,
          what);
}

bool is_empty_string(const Json& model, const char* key) {
  const Json* value = find_member(model, key);
  return value == nullptr || (value->is_string() && value->get_ref<const std::string&>().empty());
}

void check_supported(const Json& model, const std::string& where) {
  const Json* type = find_member(model, "type");  // files before 2020 have none
  require(type == nullptr || *type == "BPE", Status::unsupported,
          "{} holds a tokenizer of type {}; only byte-level BPE is supported.", where,
          excerpt(type ? *type : Json()));
  refuse_unless(find_member(model, "dropout") == nullptr, "\"dropout\"", where);
  refuse_unless(is_empty_string(model, "continuing_subword_prefix"), "a \"continuing_subword_prefix\"",
                where);
  refuse_unless(is_empty_string(model, "end_of_word_suffix"), "an \"end_of_word_suffix\"", where);
  refuse_unless(!bool_member_or(model, "byte_fallback", false, where), "\"byte_fallback\"", where);
}

}  // namespace

Bpe Bpe::parse(const Json& tokenizer, const std::string& where) {
  const Json& model = object_member(tokenizer, "model", where);
  check_supported(model, where);
  Bpe bpe;
  bpe.parse_vocabulary(model, where);
  bpe.parse_merges(model, where);
  bpe.parse_unknown(model, where);
  bpe.ignore_merges_ = bool_member_or(model, "ignore_merges", false, where);
  bpe.find_byte_tokens();
  return bpe;
}

void Bpe::parse_vocabulary(const Json& model, const std::string& where) {
  const Json& vocabulary = object_member(model, "vocab", "the model of " + where);
  require(!vocabulary.empty(), Status::bad_model, "The vocabulary of {} is empty.", where);
  int32_t largest = 0;
  for (const auto& [token, id] : vocabulary.items()) {
    if (id.is_number_unsigned() && id.get<uint64_t>() <= static_cast<uint64_t>(max_token_id)) {
      largest = std::max(largest, id.get<int32_t>());
      continue;
    }
    fail(Status::bad_model, "The token \"{}\" of {} must have an id from 0 to {}, not {}.",
         excerpt(std::string_view(token)), where, max_token_id, excerpt(id));
  }
  tokens_.resize(static_cast<size_t>(largest) + 1);
  ids_.reserve(vocabulary.size());
  for (const auto& [token, id] : vocabulary.items()) {
    std::string& slot = tokens_[id.get<size_t>()];
    require(!token.empty(), Status::bad_model, "The vocabulary of {} has an empty token.", where);
    require(slot.empty(), Status::bad_model, "The tokens \"{}\" and \"{}\" of {} have the same id {}.",
            excerpt(std::string_view(slot)), excerpt(std::string_view(token)), where, id.get<int32_t>());
    slot = token;
    ids_.emplace(slot, id.get<int32_t>());
  }
}

void Bpe::parse_merges(const Json& model, const std::string& where) {
  const Json& merges = array_member(model, "merges", "the model of " + where);
  merges_.reserve(merges.size());
  uint32_t rank = 0;
  for (const Json& merge : merges) {
    const bool is_pair =
        merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    if (is_pair) {
      add_merge(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>(), rank++,
                where);
      continue;
    }
    require(merge.is_string(), Status::bad_model, "Merge {} of {} must be \"left right\" or a pair, not {}.",
            rank, where, excerpt(merge));
    const std::string_view text = merge.get_ref<const std::string&>();
    if (text.starts_with("#version")) continue;
    const size_t space = text.find(' ');
    require(space != std::string_view::npos && text.find(' ', space + 1) == std::string_view::npos,
            Status::bad_model, "Merge {} of {} must be two tokens with one space between, not \"{}\".", rank,
            where, excerpt(text));
    add_merge(text.substr(0, space), text.substr(space + 1), rank++, where);
  }
}

void Bpe::add_merge(std::string_view left, std::string_view right, uint32_t rank, const std::string& where) {
  const int32_t left_id = token_of_merge(left, rank, where);
  const int32_t right_id = token_of_merge(right, rank, where);
  const int32_t result = token_of_merge(std::string(left).append(right), rank, where);
  merges_.set(left_id, right_id, {rank, result});
}

int32_t Bpe::token_of_merge(std::string_view token, uint32_t rank, const std::string& where) const {
  const auto found = ids_.find(token);
  require(found != ids_.end(), Status::bad_model,
          "Merge {} of {} needs the token \"{}\", which the vocabulary lacks.", rank, where, excerpt(token));
  return found->second;
}

void Bpe::parse_unknown(const Json& model, const std::string& where) {
  fuse_unknown_ = bool_member_or(model, "fuse_unk", false, where);
  if (find_member(model, "unk_token") == nullptr) return;
  const std::string& name = string_member(model, "unk_token", "the model of " + where);
  unknown_ = token_id(name);
  require(unknown_.has_value(), Status::bad_model, "The unknown token \"{}\" of {} is not in its vocabulary.",
          excerpt(std::string_view(name)), where);
}

void Bpe::find_byte_tokens() {
  for (int byte = 0; byte < 256; ++byte)
    byte_tokens_.push_back(token_id(letter_of_byte(static_cast<uint8_t>(byte))).value_or(no_token));
}

std::optional<int32_t> Bpe::token_id(std::string_view letters) const {
  const auto found = ids_.find(letters);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

const std::string* Bpe::token(int32_t id) const {
  if (id < 0 || id >= size() || tokens_[static_cast<size_t>(id)].empty()) return nullptr;
  return &tokens_[static_cast<size_t>(id)];
}

std::vector<int32_t> Bpe::tokens_of_bytes(std::string_view bytes) const {
  std::vector<int32_t> tokens;
  tokens.reserve(bytes.size());
  bool after_unknown = false;
  for (const char byte : bytes) {
    const int32_t token = byte_tokens_[static_cast<uint8_t>(byte)];
    const bool is_unknown = token == no_token;
    if (!is_unknown) {
      tokens.push_back(token);
    } else if (unknown_ && !(fuse_unknown_ && after_unknown)) {
      tokens.push_back(*unknown_);
    }
    after_unknown = is_unknown;
  }
  return tokens;
}

void Bpe::encode(std::string_view bytes, std::vector<int32_t>& ids) const {
  if (ignore_merges_) {
    if (const auto whole = token_id(letters_of_bytes(bytes))) return ids.push_back(*whole);
  }
  std::vector<int32_t> tokens = tokens_of_bytes(bytes);
  merges_.apply(tokens);
  ids.insert(ids.end(), tokens.begin(), tokens.end());
}

}  // namespace unmask::model
