#include "model/tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/error.h"
#include "model/json.h"

namespace unmask::model {
namespace {

constexpr size_t max_pattern_bytes = 10'000;

// Steps that one match may take: sane patterns take a few per byte, hostile ones exponentially many.
constexpr uint32_t match_steps_base = 1'000'000;
constexpr size_t match_steps_per_byte = 64;
constexpr uint32_t match_heap_kib = 64 * 1024;

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using MatchData = std::unique_ptr<pcre2_match_data, Release<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Release<pcre2_match_context_free>>;

std::string message_of(int error) {
  PCRE2_UCHAR buffer[256];
  const int length = pcre2_get_error_message(error, buffer, sizeof buffer);
  return length < 0 ? fmt::format("error {}", error) : std::string(reinterpret_cast<char*>(buffer), length);
}

MatchContext limits(size_t text_bytes) {
  MatchContext context(pcre2_match_context_create(nullptr));
  require(context != nullptr, Status::out_of_memory, "No memory left to match a regular expression.");
  const size_t steps = match_steps_base + match_steps_per_byte * text_bytes;
  pcre2_set_match_limit(context.get(), static_cast<uint32_t>(std::min<size_t>(steps, UINT32_MAX)));
  pcre2_set_heap_limit(context.get(), match_heap_kib);
  return context;
}

size_t next_character(std::string_view text, size_t at) {
  do ++at;
  while (at < text.size() && (text[at] & 0xc0) == 0x80);
  return at;
}

}  // namespace

struct Regex::Code {
  pcre2_code* compiled;
  std::string original;

  Code(pcre2_code* code, std::string_view text) : compiled(code), original(text) {}
  ~Code() { pcre2_code_free(compiled); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
};

Regex::Regex(std::string_view pcre, std::string_view original, const std::string& where) {
  // Ruby's ^ and $ match at every line, its dot stops at a newline only; the text is checked to be UTF-8
  // before.
  constexpr uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
  const std::unique_ptr<pcre2_compile_context, Release<pcre2_compile_context_free>> context(
      pcre2_compile_context_create(nullptr));
  require(context != nullptr, Status::out_of_memory, "No memory left to compile a regular expression.");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pcre.data()), pcre.size(), options,
                                       &error, &offset, context.get());
  if (compiled == nullptr) {
    fail(Status::bad_model, "The regular expression \"{}\" of {} is not valid: {}.", excerpt(original), where,
         message_of(error));
  }
  code_ = std::make_shared<const Code>(compiled, original);
}

Regex Regex::from_oniguruma(std::string_view pattern, const std::string& where) {
  require(pattern.size() <= max_pattern_bytes, Status::bad_model,
          "{} has a regular expression of {} bytes; at most {} are allowed.", where, pattern.size(),
          max_pattern_bytes);
  return Regex(pcre_from_oniguruma(pattern, where), pattern, where);
}

Regex Regex::from_literal(std::string_view text, const std::string& where) {
  require(text.size() <= max_pattern_bytes, Status::bad_model,
          "{} splits at a text of {} bytes; at most {} are allowed.", where, text.size(), max_pattern_bytes);
  std::string quoted;
  for (const char c : text) {
    // PCRE2 takes any escaped character that is neither a letter nor a digit as itself.
    const bool ascii_punctuation = c > ' ' && c < 0x7f && !std::isalnum(static_cast<unsigned char>(c));
    if (ascii_punctuation) quoted += '\\';
    quoted += c;
  }
  return Regex(quoted, text, where);
}

std::vector<TextRange> Regex::find_all(std::string_view text) const {
  const MatchData data(pcre2_match_data_create_from_pattern(code_->compiled, nullptr));
  require(data != nullptr, Status::out_of_memory, "No memory left to match a regular expression.");
  const MatchContext context = limits(text.size());
  std::vector<TextRange> matches;
  size_t at = 0;
  while (at <= text.size()) {
    const int result = pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   at, PCRE2_NO_UTF_CHECK, data.get(), context.get());
    if (result == PCRE2_ERROR_NOMATCH) break;
    if (result < 0) {
      fail(Status::bad_model, "The tokenizer's regular expression \"{}\" gave up on a text of {} bytes: {}.",
           excerpt(std::string_view(code_->original)), text.size(), message_of(result));
    }
    const size_t* bounds = pcre2_get_ovector_pointer(data.get());
    const TextRange match{bounds[0], bounds[1]};
    if (match.begin == match.end && !matches.empty() && matches.back().end == match.end) {
      at = next_character(text, at);
      continue;
    }
    matches.push_back(match);
    at = match.end;
  }
  return matches;
}

}  // namespace unmask::model
