// Regular expressions of tokenizer.json. Hugging Face runs them with Oniguruma (Ruby's syntax), we with
// PCRE2: what both read alike is passed on, what they read differently is rewritten or refused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace unmask::model {

// Bytes begin to end - 1 of a text.
struct TextRange {
  size_t begin;
  size_t end;
};

// Immutable; any thread may match with it.
class Regex {
 public:
  // Throws bad_model for a pattern that is no regular expression, unsupported for one that uses what the two
  // libraries read differently. `where` names the file in sentences.
  static Regex from_oniguruma(std::string_view pattern, const std::string& where);

  // Matches exactly `text`.
  static Regex from_literal(std::string_view text, const std::string& where);

  // All matches from left to right, none overlapping, in a valid UTF-8 text. An empty match is skipped where
  // the match before it ends. Throws bad_model where the pattern takes too many steps.
  std::vector<TextRange> find_all(std::string_view text) const;

 private:
  struct Code;
  Regex(std::string_view pcre, std::string_view original, const std::string& where);

  std::shared_ptr<const Code> code_;
};

// The PCRE2 pattern that matches what the Oniguruma pattern matches; the first half of from_oniguruma.
std::string pcre_from_oniguruma(std::string_view pattern, const std::string& where);

}  // namespace unmask::model
