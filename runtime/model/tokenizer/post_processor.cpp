#include "model/tokenizer/post_processor.h"

#include <utility>

#include "base/error.h"

namespace unmask::model {
namespace {

class Reader {
 public:
  Reader(int32_t vocabulary, const std::string& where)
      : vocabulary_(vocabulary), where_(where), what_("the post-processor of " + where) {}

  void step(const Json& json) {
    const std::string& type = string_member(json, "type", what_);
    if (type == "ByteLevel") return;  // moves offsets, which we do not report
    if (type == "Sequence") {
      for (const Json& part : array_member(json, "processors", what_)) step(part);
    } else if (type == "TemplateProcessing") {
      add_template(json);
    } else {
      fail(Status::unsupported,
           "The post-processor of {} has the type \"{}\"; known are ByteLevel, TemplateProcessing and "
           "Sequence.",
           where_, excerpt(std::string_view(type)));
    }
  }

  PostProcessor result;

 private:
  void add_template(const Json& json) {
    const Json& known = object_member(json, "special_tokens", what_);
    bool before_text = true;
    std::vector<int32_t> before;
    for (const Json& piece : array_member(json, "single", what_)) {
      if (find_member(piece, "Sequence") != nullptr) {
        require(before_text, Status::unsupported, "The post-processor of {} repeats the text.", where_);
        before_text = false;
        continue;
      }
      const Json& special = object_member(piece, "SpecialToken", what_);
      append_ids(object_member(known, string_member(special, "id", what_), what_),
                 before_text ? before : result.after);
    }
    require(!before_text, Status::unsupported, "The post-processor of {} drops the text.", where_);
    result.before.insert(result.before.begin(), before.begin(), before.end());  // an outer template encloses
  }

  void append_ids(const Json& token, std::vector<int32_t>& ids) const {
    for (const Json& id : array_member(token, "ids", what_))
      ids.push_back(
          static_cast<int32_t>(as_integer(id, 0, int64_t{vocabulary_} - 1, "A token id in " + what_)));
  }

  int32_t vocabulary_;
  const std::string& where_;
  std::string what_;
};

}  // namespace

PostProcessor PostProcessor::parse(const Json& tokenizer, int32_t vocabulary, const std::string& where) {
  Reader reader(vocabulary, where);
  if (const Json* json = find_member(tokenizer, "post_processor")) reader.step(*json);
  return std::move(reader.result);
}

}  // namespace unmask::model
