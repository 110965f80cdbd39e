#include "model/tokenizer/tokenizer.h"

#include <utility>

#include "base/error.h"
#include "model/tokenizer/byte_level.h"
#include "model/tokenizer/tokenizer_file.h"
#include "model/tokenizer/utf8.h"

namespace unmask::model {

struct Tokenizer::Content {
  explicit Content(TokenizerParts file) : parts(std::move(file)) {}

  TokenizerParts parts;

  // How the file spells a token; null where no token has that id.
  const std::string* spelling(int32_t id) const {
    if (const auto found = parts.added.find(id); found != parts.added.end()) return &found->second.content;
    return parts.bpe.token(id);
  }

  void encode_words(std::string_view normalized, std::vector<int32_t>& ids) const {
    for (const std::string& piece : parts.pre_tokenizer.split(std::string(normalized)))
      parts.bpe.encode(piece, ids);
  }

  // Text without added tokens that count before normalisation.
  void encode_text(std::string_view text, bool recognize_added, std::vector<int32_t>& ids) const {
    const std::string normalized = parts.normalizer.normalize(text);
    if (!recognize_added) return encode_words(normalized, ids);
    for (const TextPart& part : parts.normalized_finder.split(normalized)) {
      if (part.token != TextPart::no_token) {
        ids.push_back(part.token);
      } else {
        encode_words(part.text, ids);
      }
    }
  }

  void encode(std::string_view text, bool recognize_added, std::vector<int32_t>& ids) const {
    if (!recognize_added) return encode_text(text, false, ids);
    for (const TextPart& part : parts.finder.split(text)) {
      if (part.token != TextPart::no_token) {
        ids.push_back(part.token);
      } else {
        encode_text(part.text, true, ids);
      }
    }
  }
};

Tokenizer Tokenizer::load(const std::filesystem::path& folder_or_file) {
  return make(read_tokenizer(folder_or_file));
}

Tokenizer Tokenizer::make(TokenizerParts parts) {
  return Tokenizer(std::make_shared<const Content>(std::move(parts)));
}

std::vector<int32_t> Tokenizer::encode(std::string_view utf8, EncodeOptions options) const {
  require(utf8.size() <= INT32_MAX, Status::invalid_argument, "A text of {} bytes is too long to tokenise.",
          utf8.size());
  const size_t invalid = first_invalid_byte(utf8);
  require(invalid == utf8.size(), Status::invalid_argument,
          "The text is not valid UTF-8: the byte at offset {} does not belong there.", invalid);
  const PostProcessor& around = content_->parts.post_processor;
  std::vector<int32_t> ids;
  if (options.add_special) ids = around.before;
  content_->encode(utf8, options.recognize_added_tokens, ids);
  if (options.add_special) ids.insert(ids.end(), around.after.begin(), around.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  std::string bytes;
  for (const int32_t id : ids)
    if (!skip_special || !is_special(id)) bytes += token_bytes(id);
  return replace_invalid(bytes);
}

std::string Tokenizer::token_bytes(int32_t id) const {
  const std::string* spelling = content_->spelling(id);
  if (spelling == nullptr) return {};
  return bytes_of_letters(*spelling).value_or(*spelling);
}

std::optional<int32_t> Tokenizer::token_id(std::string_view token) const {
  const auto added = content_->parts.added_ids.find(token);
  return added != content_->parts.added_ids.end() ? added->second : content_->parts.bpe.token_id(token);
}

bool Tokenizer::is_special(int32_t id) const {
  const auto added = content_->parts.added.find(id);
  return added != content_->parts.added.end() && added->second.special;
}

int32_t Tokenizer::size() const { return content_->parts.size; }

}  // namespace unmask::model
