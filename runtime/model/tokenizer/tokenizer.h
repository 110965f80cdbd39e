// Text to token ids and back, exactly as Hugging Face's `tokenizers` does it with the same tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unmask::model {

struct TokenizerParts;

struct EncodeOptions {
  // Put the tokens around the text that the file's post-processor names (a begin token, for example).
  bool add_special = false;

  // Take "<|mask|>" in the text for the token of that name. Turn this off for text that somebody else wrote:
  // then such letters are only letters, and nobody can end a turn or plant a mask by typing its name.
  bool recognize_added_tokens = true;
};

// A byte-level BPE tokenizer. Immutable and cheap to copy; any thread may use it.
class Tokenizer {
 public:
  // Reads tokenizer.json, or that of a folder together with the tokens that its tokenizer_config.json
  // ("added_tokens_decoder") or added_tokens.json adds. "truncation" and "padding" in the file are ignored.
  // Throws not_found, io, bad_model, or unsupported where the file asks for what this class cannot do
  // exactly.
  static Tokenizer load(const std::filesystem::path& folder_or_file);

  // Of parts that were read from elsewhere (tokenizer_file.h).
  static Tokenizer make(TokenizerParts parts);

  // Throws invalid_argument where `utf8` is not valid UTF-8: replacing bytes silently would change what is
  // said.
  std::vector<int32_t> encode(std::string_view utf8, EncodeOptions options = {}) const;

  // The bytes of the tokens in a row; what is then not valid UTF-8, as in the middle of a character, becomes
  // U+FFFD. Ids that no token has (a model's vocabulary is often padded) are left out, and with skip_special
  // the special ones.
  std::string decode(std::span<const int32_t> ids, bool skip_special = false) const;

  // The bytes that decode() joins; empty where no token has that id.
  std::string token_bytes(int32_t id) const;

  // The id of an added token ("<|mask|>") or of a token as the file spells it ("Ġthe").
  std::optional<int32_t> token_id(std::string_view token) const;

  // Whether the token controls the model and is no text.
  bool is_special(int32_t id) const;

  // One more than the largest id; there may be ids below without a token.
  int32_t size() const;

 private:
  struct Content;
  explicit Tokenizer(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  std::shared_ptr<const Content> content_;
};

}  // namespace unmask::model
