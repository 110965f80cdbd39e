#include "decode/text_bridge.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::decode {

namespace {

bool same_tokens(const model::Model& a, const model::Model& b) {
  if (&a == &b) return true;
  if (a.config.vocabulary != b.config.vocabulary || a.config.mask_token != b.config.mask_token ||
      a.config.end_token != b.config.end_token || a.tokenizer.has_value() != b.tokenizer.has_value())
    return false;
  if (!a.tokenizer) return true;
  for (int32_t id = 0; id < std::max(a.tokenizer->size(), b.tokenizer->size()); ++id)
    if (a.tokenizer->token_bytes(id) != b.tokenizer->token_bytes(id)) return false;
  return true;
}

// Where each token's bytes end.
std::vector<size_t> ends(const model::Tokenizer& tokenizer, std::span<const int32_t> tokens) {
  std::vector<size_t> all;
  size_t end = 0;
  for (const int32_t token : tokens) all.push_back(end += tokenizer.token_bytes(token).size());
  return all;
}

}  // namespace

TextBridge::TextBridge(const model::Model& from, const model::Model& to, bool drops_special)
    : from_(from), to_(to), identity_(same_tokens(from, to)), drops_special_(drops_special) {
  require(identity_ || (from.tokenizer && to.tokenizer), Status::unsupported,
          "The two models have different tokens, and go together only by way of text; but one of them has no "
          "tokenizer.json.");
}

bool TextBridge::is_text(int32_t token) const {
  return token != from_.config.mask_token && token != from_.config.end_token &&
         token != from_.end_of_turn_token && !(from_.tokenizer && from_.tokenizer->is_special(token));
}

TextBridge::Converted TextBridge::convert(std::span<const int32_t> tokens) const {
  Converted converted;
  for (uint32_t i = 0; i < tokens.size();) {
    uint32_t end = i;
    while (end < tokens.size() && is_text(tokens[end])) ++end;
    if (end > i) add_text(tokens.subspan(i, end - i), i, converted);
    if (end < tokens.size()) add_special(tokens[end], end, converted);
    i = end + 1;
  }
  return converted;
}

void TextBridge::add_special(int32_t token, uint32_t index, Converted& converted) const {
  std::optional<int32_t> other;
  if (token == from_.config.mask_token) {
    other = to_.config.mask_token;
  } else if (drops_special_) {
    return;
  } else if (identity_) {
    other = token;
  } else if (token == from_.end_of_turn_token && to_.end_of_turn_token) {
    other = to_.end_of_turn_token;
  } else if (token == from_.config.end_token || token == from_.end_of_turn_token) {
    other = to_.config.end_token;
  } else {
    other = to_.tokenizer->token_id(from_.tokenizer->token_bytes(token));
  }
  if (!other || *other < 0) return;
  converted.tokens.push_back(*other);
  converted.sources.push_back({index, index + 1});
}

void TextBridge::add_text(std::span<const int32_t> tokens, uint32_t first, Converted& converted) const {
  const auto count = static_cast<uint32_t>(tokens.size());
  if (identity_) {
    converted.tokens.insert(converted.tokens.end(), tokens.begin(), tokens.end());
    for (uint32_t i = 0; i < count; ++i) converted.sources.push_back({first + i, first + i + 1});
    return;
  }
  // Letters that spell a special token are only letters.
  const std::vector<int32_t> made =
      to_.tokenizer->encode(from_.tokenizer->decode(tokens), {.recognize_added_tokens = false});
  const std::vector<size_t> old_ends = ends(*from_.tokenizer, tokens), new_ends = ends(*to_.tokenizer, made);
  // Where bytes were lost, or changed on the way, every token is made from all.
  const bool aligned = !made.empty() && new_ends.back() == old_ends.back();
  for (size_t i = 0; i < made.size(); ++i) {
    const size_t begin = i == 0 ? 0 : new_ends[i - 1];
    const auto from = std::ranges::upper_bound(old_ends, begin) - old_ends.begin();
    const auto last = std::ranges::lower_bound(old_ends, new_ends[i]) - old_ends.begin();
    converted.tokens.push_back(made[i]);
    converted.sources.push_back(aligned ? Converted::Source{first + static_cast<uint32_t>(from),
                                                            first + static_cast<uint32_t>(last) + 1}
                                        : Converted::Source{first, first + count});
  }
}

}  // namespace unmask::decode
