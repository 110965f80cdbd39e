#include "analyze_data.h"

#include <fmt/format.h>

#include "eval_matchers.h"
#include "text_file.h"

namespace cli {

namespace {

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

AnalyzedText text_of(const Json& object, const unmask_model* model, size_t length, bool chat) {
  AnalyzedText text;
  const bool whole = !text_in(object, "text").empty();
  if (!whole) text.canvas = tokenize(model, text_in(object, "prompt"), chat);
  text.prompt_length = text.canvas.size();
  std::vector<int32_t> target = tokenize(model, text_in(object, whole ? "text" : "target"), false);
  const int32_t end = info_of(model).end_token;
  if (target.size() > length || end >= 0) target.resize(length, end);
  text.canvas.insert(text.canvas.end(), target.begin(), target.end());
  text.answer = text_in(object, "answer");
  text.matcher = text_in(object, "matcher");
  if (!text.matcher.empty()) find_matcher(text.matcher);
  return text;
}

}  // namespace

std::vector<AnalyzedText> read_texts(const std::string& path, const unmask_model* model, size_t most,
                                     size_t length, bool chat) {
  std::vector<AnalyzedText> texts;
  for_each_object(path, [&](int line, const Json& object) {
    if (texts.size() == most) return;
    if (text_in(object, "text").empty() && text_in(object, "target").empty())
      throw Failure(fmt::format(
          "{}, line {}: expected an object with a \"text\", or with a \"prompt\" and a \"target\".", path,
          line));
    texts.push_back(text_of(object, model, length, chat));
  });
  if (texts.empty()) throw Failure(fmt::format("The file {} has no texts.", path));
  return texts;
}

}  // namespace cli
