#include "eval_task.h"

#include <cstdint>
#include <map>

#include <fmt/format.h>

#include "eval_matchers.h"
#include "handles.h"
#include "text_file.h"

namespace cli {

namespace {

// FNV-1a, 64 bits.
uint64_t hash_of(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// Reads the members of one line's object; failures name the line.
class Line {
 public:
  Line(const std::string& path, int number, const Json& object)
      : path_(path), number_(number), object_(object) {}

  EvalItem item(const std::string& matcher) const {
    EvalItem item;
    item.id = has("id") ? text(object_, "id") : "";
    item.prompt = text(object_, "prompt");
    item.answer = text(object_, "answer");
    item.matcher = has("matcher") ? text(object_, "matcher") : matcher;
    item.choices = texts("choices");
    item.until = texts("until");
    if (has("examples")) item.examples = examples();
    if (item.matcher.empty()) fail("the item names no \"matcher\"; add it, or give --matcher");
    check_matcher(item.matcher);
    return item;
  }

 private:
  bool has(const char* name) const { return object_.contains(name); }

  [[noreturn]] void fail(const std::string& what) const {
    throw Failure(fmt::format("{}, line {}: {}.", path_, number_, what));
  }

  std::string text(const Json& object, const char* name) const {
    if (!object.is_object() || !object.contains(name))
      fail(fmt::format("expected a text named \"{}\"", name));
    const Json& value = object[name];
    if (value.is_number_integer()) return value.dump();
    if (!value.is_string()) fail(fmt::format("expected a text named \"{}\"", name));
    const auto result = value.get<std::string>();
    if (result.find('\0') != std::string::npos) fail(fmt::format("\"{}\" has a NUL byte; remove it", name));
    return result;
  }

  std::vector<std::string> texts(const char* name) const {
    if (!has(name)) return {};
    const Json& list = object_[name];
    const auto is_text = [](const Json& value) { return value.is_string(); };
    if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_text)) {
      fail(fmt::format("\"{}\" must be a list of texts", name));
    }
    return list.get<std::vector<std::string>>();
  }

  std::vector<WorkedExample> examples() const {
    std::vector<WorkedExample> result;
    if (!object_["examples"].is_array()) fail("\"examples\" must be a list of objects");
    for (const Json& e : object_["examples"]) result.push_back({text(e, "prompt"), text(e, "answer")});
    return result;
  }

  void check_matcher(const std::string& name) const {
    try {
      find_matcher(name);
    } catch (const Failure& e) {
      throw Failure(fmt::format("{}, line {}: {}", path_, number_, e.what()));
    }
  }

  const std::string& path_;
  int number_;
  const Json& object_;
};

}  // namespace

void give_ids(std::vector<EvalItem>& items) {
  std::map<std::string, int> seen;
  for (EvalItem& item : items) {
    const bool given = !item.id.empty();
    if (!given) item.id = fmt::format("{:016x}", hash_of(item.prompt + '\0' + item.answer));
    const int times = ++seen[item.id];
    if (given && times > 1) throw Failure(fmt::format("Two items have the id '{}'.", item.id));
    if (times > 1) item.id += fmt::format("-{}", times);
  }
}

std::vector<EvalItem> read_task(const std::string& path, const std::string& matcher) {
  std::vector<EvalItem> items;
  for_each_object(path, [&](int number, const Json& object) {
    items.push_back(Line(path, number, object).item(matcher));
  });
  if (items.empty()) throw Failure(fmt::format("The file {} has no items.", path));
  give_ids(items);
  return items;
}

}  // namespace cli
