#include "model/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace unmask::model {
namespace {

constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr size_t max_stages = 64;

struct SplitPart {
  TextRange range;
  bool matched;
};

// The matches and what lies between them, in order.
std::vector<SplitPart> parts_of(std::string_view text, const std::vector<TextRange>& matches, bool invert) {
  std::vector<SplitPart> parts;
  size_t end = 0;
  for (const TextRange match : matches) {
    if (end != match.begin) parts.push_back({{end, match.begin}, invert});
    parts.push_back({match, !invert});
    end = match.end;
  }
  if (end != text.size()) parts.push_back({{end, text.size()}, invert});
  return parts;
}

// Joins each part for which `joins(part, its left neighbour)` holds to the range before it.
template <typename Joins>
std::vector<TextRange> join(const std::vector<SplitPart>& parts, Joins joins) {
  std::vector<TextRange> result;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && joins(parts[i], parts[i - 1])) {
      result.back().end = parts[i].range.end;
    } else {
      result.push_back(parts[i].range);
    }
  }
  return result;
}

SplitBehavior parse_behavior(const std::string& name, const std::string& where) {
  static constexpr std::array<std::pair<std::string_view, SplitBehavior>, 5> table = {{
      {"Isolated", SplitBehavior::isolated},
      {"Removed", SplitBehavior::removed},
      {"MergedWithPrevious", SplitBehavior::merged_with_previous},
      {"MergedWithNext", SplitBehavior::merged_with_next},
      {"Contiguous", SplitBehavior::contiguous},
  }};
  for (const auto& [known, behavior] : table)
    if (known == name) return behavior;
  fail(Status::unsupported, "The pre-tokenizer of {} has the unknown behavior \"{}\".", where,
       excerpt(std::string_view(name)));
}

}  // namespace

std::vector<TextRange> split_ranges(std::string_view text, const std::vector<TextRange>& matches,
                                    SplitBehavior behavior, bool invert) {
  const std::vector<SplitPart> parts = parts_of(text, matches, invert);
  switch (behavior) {
    case SplitBehavior::isolated:
      return join(parts, [](const SplitPart&, const SplitPart&) { return false; });
    case SplitBehavior::contiguous:
      return join(parts,
                  [](const SplitPart& part, const SplitPart& left) { return part.matched == left.matched; });
    case SplitBehavior::merged_with_previous:
      return join(parts,
                  [](const SplitPart& part, const SplitPart& left) { return part.matched && !left.matched; });
    case SplitBehavior::merged_with_next:
      return join(parts,
                  [](const SplitPart& part, const SplitPart& left) { return left.matched && !part.matched; });
    case SplitBehavior::removed:
      break;
  }
  std::vector<TextRange> kept;
  for (const SplitPart& part : parts)
    if (!part.matched) kept.push_back(part.range);
  return kept;
}

PreTokenizer PreTokenizer::parse(const Json& tokenizer, const std::string& where) {
  const Json* json = find_member(tokenizer, "pre_tokenizer");
  require(json != nullptr, Status::unsupported,
          "{} has no pre-tokenizer; only byte-level tokenizers are supported.", where);
  PreTokenizer result;
  parse_stage(*json, where, result.stages_);
  return result;
}

void PreTokenizer::parse_stage(const Json& json, const std::string& where, std::vector<Stage>& stages) {
  const std::string what = "the pre-tokenizer of " + where;
  const std::string& type = string_member(json, "type", what);
  require(stages.size() < max_stages, Status::bad_model, "The pre-tokenizer of {} has more than {} stages.",
          where, max_stages);
  if (type == "Sequence") {
    for (const Json& stage : array_member(json, "pretokenizers", what)) parse_stage(stage, where, stages);
  } else if (type == "Split") {
    stages.push_back(parse_split(json, where));
  } else if (type == "Digits") {
    stages.push_back(parse_digits(json, where));
  } else if (type == "ByteLevel") {
    stages.push_back(parse_byte_level(json, where));
  } else {
    fail(Status::unsupported,
         "The pre-tokenizer of {} has the type \"{}\"; known are Sequence, Split, Digits and "
         "ByteLevel.",
         where, excerpt(std::string_view(type)));
  }
}

PreTokenizer::Stage PreTokenizer::parse_split(const Json& json, const std::string& where) {
  const std::string what = "a Split of " + where;
  const Json& pattern = object_member(json, "pattern", what);
  Stage stage;
  if (find_member(pattern, "String") != nullptr) {
    stage.regex = Regex::from_literal(string_member(pattern, "String", what), where);
  } else {
    stage.regex = Regex::from_oniguruma(string_member(pattern, "Regex", what), where);
  }
  stage.behavior = parse_behavior(string_member(json, "behavior", what), where);
  stage.invert = bool_member_or(json, "invert", false, what);
  return stage;
}

PreTokenizer::Stage PreTokenizer::parse_digits(const Json& json, const std::string& where) {
  const bool individual = bool_member_or(json, "individual_digits", false, "the Digits of " + where);
  return {.regex = Regex::from_oniguruma("\\p{N}", where),
          .behavior = individual ? SplitBehavior::isolated : SplitBehavior::contiguous};
}

PreTokenizer::Stage PreTokenizer::parse_byte_level(const Json& json, const std::string& where) {
  const std::string what = "the ByteLevel of " + where;
  Stage stage{.add_prefix_space = bool_member_or(json, "add_prefix_space", true, what)};
  if (bool_member_or(json, "use_regex", true, what)) stage.regex = Regex::from_oniguruma(gpt2_pattern, where);
  return stage;
}

std::vector<std::string> PreTokenizer::split(std::string text) const {
  std::vector<std::string> pieces;
  if (!text.empty()) pieces.push_back(std::move(text));
  for (const Stage& stage : stages_) {
    std::vector<std::string> next;
    for (std::string& piece : pieces) {
      if (stage.add_prefix_space && !piece.starts_with(' ')) piece.insert(0, 1, ' ');
      if (!stage.regex) {
        next.push_back(std::move(piece));
        continue;
      }
      for (const TextRange range :
           split_ranges(piece, stage.regex->find_all(piece), stage.behavior, stage.invert))
        if (range.begin != range.end) next.push_back(piece.substr(range.begin, range.end - range.begin));
    }
    pieces = std::move(next);
  }
  return pieces;
}

}  // namespace unmask::model
