#include "model/tokenizer/added_tokens.h"

#include <algorithm>

#include "base/error.h"
#include "model/tokenizer/unicode.h"
#include "model/tokenizer/utf8.h"

namespace unmask::model {
namespace {

uint64_t edge(uint32_t node, char byte) { return uint64_t{node} << 8 | static_cast<uint8_t>(byte); }

bool ends_with_word(std::string_view text) {
  if (text.empty()) return false;
  size_t last = text.size() - 1;
  while (last > 0 && (text[last] & 0xc0) == 0x80) --last;
  return is_word_character(first_sequence(text.substr(last)).code_point);
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && is_word_character(first_sequence(text).code_point);
}

}  // namespace

AddedToken parse_added_token(const Json& json, int32_t id, const std::string& where) {
  const std::string what = fmt::format("the added token {} of {}", id, where);
  const std::string& content = string_member(json, "content", what);
  require(!content.empty(), Status::bad_model, "The added token {} of {} is empty.", id, where);
  const bool special = bool_member_or(json, "special", false, what);
  return {.id = id,
          .content = content,
          .single_word = bool_member_or(json, "single_word", false, what),
          .lstrip = bool_member_or(json, "lstrip", false, what),
          .rstrip = bool_member_or(json, "rstrip", false, what),
          .normalized = bool_member_or(json, "normalized", !special, what),
          .special = special};
}

void AddedTokenFinder::add(std::string_view text, const AddedToken& token) {
  if (text.empty()) return;  // normalising may leave nothing
  uint32_t node = 0;
  for (const char byte : text) {
    const auto [found, is_new] = edges_.try_emplace(edge(node, byte), nodes_);
    nodes_ += is_new;
    node = found->second;
  }
  ends_.try_emplace(node, token);
}

AddedTokenFinder::Match AddedTokenFinder::longest_at(std::string_view text) const {
  Match longest;
  uint32_t node = 0;
  for (size_t length = 0; length < text.size(); ++length) {
    const auto next = edges_.find(edge(node, text[length]));
    if (next == edges_.end()) break;
    node = next->second;
    if (const auto end = ends_.find(node); end != ends_.end()) longest = {length + 1, &end->second};
  }
  return longest;
}

std::vector<TextPart> AddedTokenFinder::split(std::string_view text) const {
  std::vector<TextPart> parts;
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const Match match = longest_at(text.substr(at));
    size_t begin = at;
    size_t end = at + match.length;
    at += std::max<size_t>(match.length, 1);
    if (match.token == nullptr) continue;
    const bool inside_word = ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end));
    if (match.token->single_word && inside_word) continue;
    if (match.token->lstrip) begin = std::max(done, begin - white_space_at_end(text.substr(0, begin)));
    if (match.token->rstrip) end += white_space_at_start(text.substr(end));
    if (done < begin) parts.push_back({text.substr(done, begin - done), TextPart::no_token});
    parts.push_back({text.substr(begin, end - begin), match.token->id});
    done = end;
  }
  if (done < text.size()) parts.push_back({text.substr(done), TextPart::no_token});
  return parts;
}

}  // namespace unmask::model
