// Cuts a text into the pieces that are tokenised one by one: no token ever spans two of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"
#include "model/tokenizer/regex.h"

namespace unmask::model {

// What becomes of the text that a pattern matches and of the text between.
enum class SplitBehavior { isolated, removed, merged_with_previous, merged_with_next, contiguous };

// A chain of stages; each cuts every piece that the one before it left. Immutable, for any thread.
class PreTokenizer {
 public:
  // Reads "pre_tokenizer": Split, Digits and ByteLevel, alone or in a Sequence that ends with ByteLevel
  // (which here only cuts: pieces stay bytes). Throws bad_model or unsupported.
  static PreTokenizer parse(const Json& tokenizer, const std::string& where);

  // Non-empty pieces in order, each valid UTF-8.
  std::vector<std::string> split(std::string text) const;

 private:
  struct Stage {
    bool add_prefix_space = false;
    std::optional<Regex> regex;  // none: the stage does not cut
    SplitBehavior behavior = SplitBehavior::isolated;
    bool invert = false;  // what lies between the matches counts as matched
  };

  static void parse_stage(const Json& json, const std::string& where, std::vector<Stage>& stages);
  static Stage parse_split(const Json& json, const std::string& where);
  static Stage parse_digits(const Json& json, const std::string& where);
  static Stage parse_byte_level(const Json& json, const std::string& where);

  std::vector<Stage> stages_;
};

// The parts of `text` that remain when it is cut at `matches`.
std::vector<TextRange> split_ranges(std::string_view text, const std::vector<TextRange>& matches,
                                    SplitBehavior behavior, bool invert);

}  // namespace unmask::model
