#include "model/tokenizer/normalizer.h"

#include "base/error.h"
#include "model/tokenizer/unicode.h"

namespace unmask::model {
namespace {

bool composes(const Json& json, const std::string& where) {
  const std::string what = "the normalizer of " + where;
  const std::string& type = string_member(json, "type", what);
  if (type == "NFC") return true;
  require(type == "Sequence", Status::unsupported,
          "The normalizer of {} has the type \"{}\"; known are NFC and Sequence.", where,
          excerpt(std::string_view(type)));
  bool result = false;
  for (const Json& step : array_member(json, "normalizers", what)) result = composes(step, where) || result;
  return result;
}

}  // namespace

Normalizer Normalizer::parse(const Json& tokenizer, const std::string& where) {
  Normalizer result;
  if (const Json* json = find_member(tokenizer, "normalizer")) result.compose_ = composes(*json, where);
  return result;
}

std::string Normalizer::normalize(std::string_view text) const {
  return compose_ ? compose(text) : std::string(text);
}

}  // namespace unmask::model
