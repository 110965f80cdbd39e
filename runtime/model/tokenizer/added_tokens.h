// Tokens outside byte-pair encoding ("<|mask|>"): found in the text as they are written, before anything
// else.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/json.h"

namespace unmask::model {

struct AddedToken {
  int32_t id;
  std::string content;
  bool single_word;  // counts only where no word character touches it
  bool lstrip;       // takes the white space before it along
  bool rstrip;       // ... and after it
  bool normalized;   // looked for in the normalised text
  bool special;      // controls the model; is no text
};

// Reads one entry of "added_tokens", whose id stands in it or, in tokenizer_config.json, is the key.
AddedToken parse_added_token(const Json& json, int32_t id, const std::string& where);

// A stretch of text: an added token, or text between them.
struct TextPart {
  static constexpr int32_t no_token = -1;

  std::string_view text;
  int32_t token;
};

// Finds a set of texts. Immutable once filled, for any thread.
class AddedTokenFinder {
 public:
  // Looks for `text` where `token` is meant; of two tokens with one text the first counts.
  void add(std::string_view text, const AddedToken& token);

  // Cuts valid UTF-8 at the added tokens in it: the leftmost first, and of those that begin there the
  // longest.
  std::vector<TextPart> split(std::string_view text) const;

 private:
  struct Match {
    size_t length = 0;  // 0: none
    const AddedToken* token = nullptr;
  };
  Match longest_at(std::string_view text) const;

  // A trie: nodes are numbered from the root, 0; an edge is (node, byte).
  std::unordered_map<uint64_t, uint32_t> edges_;
  std::unordered_map<uint32_t, AddedToken> ends_;
  uint32_t nodes_ = 1;
};

}  // namespace unmask::model
