#include "model/json.h"

#include <unordered_set>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"

namespace unmask::model {
namespace {

constexpr int max_depth = 32;
constexpr size_t max_excerpt = 60;

// Watches the parser: the depth bounds the recursion of whoever walks the result, and a key that stands twice
// would let two readers of one file see two different files.
class Guard {
 public:
  explicit Guard(const std::string& where) : where_(where) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start)
      require(depth < max_depth, Status::bad_model, "{} is nested deeper than {} levels.", where_, max_depth);
    if (event == Event::object_start) keys_.emplace_back();
    if (event == Event::object_end) keys_.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      require(keys_.back().insert(key).second, Status::bad_model,
              "{} has the key \"{}\" twice in one object.", where_, excerpt(std::string_view(key)));
    }
    return true;
  }

 private:
  const std::string& where_;
  std::vector<std::unordered_set<std::string>> keys_;
};

const Json& member(const Json& object, std::string_view key, Json::value_t type, const char* type_name,
                   std::string_view where) {
  const Json* value = find_member(object, key);
  require(value != nullptr, Status::bad_model, "{} lacks \"{}\".", where, key);
  require(value->type() == type, Status::bad_model, "\"{}\" of {} must be {}, not {}.", key, where, type_name,
          excerpt(*value));
  return *value;
}

}  // namespace

Json parse_json_object(std::string_view text, const std::string& where) {
  Json parsed;
  try {
    parsed = Json::parse(text, Guard(where));
  } catch (const nlohmann::json::exception& error) {
    fail(Status::bad_model, "{} is not valid JSON: {}.", where, excerpt(std::string_view(error.what())));
  }
  require(parsed.is_object(), Status::bad_model, "{} must hold a JSON object, not {}.", where,
          excerpt(parsed));
  return parsed;
}

Json read_json_object(const std::filesystem::path& path, uint64_t max_bytes) {
  const MappedFile file(path);
  require(file.bytes().size() <= max_bytes, Status::bad_model,
          "{} has {} bytes, more than the {} a sane one has.", path.string(), file.bytes().size(), max_bytes);
  return parse_json_object(file.text(), path.string());
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& array_member(const Json& object, std::string_view key, std::string_view where) {
  return member(object, key, Json::value_t::array, "an array", where);
}

const Json& object_member(const Json& object, std::string_view key, std::string_view where) {
  return member(object, key, Json::value_t::object, "an object", where);
}

const std::string& string_member(const Json& object, std::string_view key, std::string_view where) {
  return member(object, key, Json::value_t::string, "a string", where).get_ref<const std::string&>();
}

bool bool_member_or(const Json& object, std::string_view key, bool absent, std::string_view where) {
  if (find_member(object, key) == nullptr) return absent;
  return member(object, key, Json::value_t::boolean, "true or false", where).get<bool>();
}

int64_t as_integer(const Json& value, int64_t min, int64_t max, std::string_view what) {
  const bool fits =
      value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX);
  require(fits && value.get<int64_t>() >= min && value.get<int64_t>() <= max, Status::bad_model,
          "{} must be an integer from {} to {}, not {}.", what, min, max, excerpt(value));
  return value.get<int64_t>();
}

std::string excerpt(const Json& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return excerpt(std::string_view(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
}

std::string excerpt(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, max_excerpt)) {
    const auto byte = static_cast<uint8_t>(c);
    result += byte < ' ' || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  if (text.size() <= max_excerpt) return result;
  // Not in the middle of a UTF-8 sequence.
  while ((text[max_excerpt] & 0xc0) == 0x80 && !result.empty() && (result.back() & 0x80) != 0) {
    const bool was_lead = (result.back() & 0xc0) == 0xc0;
    result.pop_back();
    if (was_lead) break;
  }
  return result + "...";
}

}  // namespace unmask::model
