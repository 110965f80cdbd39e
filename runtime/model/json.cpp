#include "model/json.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"

namespace unmask::model {
namespace {

constexpr size_t max_depth = 32;
constexpr size_t max_excerpt = 60;

// Builds the value while it is parsed. The depth bounds the recursion of whoever walks the result, and a key
// that stands twice would let two readers of one file see two different files.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(const std::string& where) : where_(where) {}

  Json root;

  bool null() override { return place(Json()); }
  bool boolean(bool value) override { return place(Json(value)); }
  bool number_integer(Json::number_integer_t value) override { return place(Json(value)); }
  bool number_unsigned(Json::number_unsigned_t value) override { return place(Json(value)); }
  bool number_float(Json::number_float_t value, const std::string&) override { return place(Json(value)); }
  bool string(std::string& value) override { return place(Json(std::move(value))); }
  bool binary(Json::binary_t&) override { return false; }  // JSON text has none

  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& key) override {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [member, is_new] = members.try_emplace(std::move(key));
    require(is_new, Status::bad_model, "{} has the key \"{}\" twice in one object.", where_,
            excerpt(std::string_view(member->first)));
    member_ = &member->second;
    return true;
  }

  bool parse_error(size_t byte, const std::string&, const nlohmann::detail::exception&) override {
    fail(Status::bad_model, "{} is not valid JSON: reading stops at byte {}.", where_, byte);
  }

 private:
  bool place(Json value) {
    *slot() = std::move(value);
    return true;
  }

  bool open(Json container) {
    require(open_.size() < max_depth, Status::bad_model, "{} is nested deeper than {} levels.", where_,
            max_depth);
    Json* at = slot();
    *at = std::move(container);
    open_.push_back(at);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // Where the next value goes. A container never moves while it is open: only the innermost one grows.
  Json* slot() {
    if (open_.empty()) return &root;
    if (open_.back()->is_object()) return member_;
    return &open_.back()->get_ref<Json::array_t&>().emplace_back();
  }

  const std::string& where_;
  std::vector<Json*> open_;
  Json* member_ = nullptr;  // of the key that was read last
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
  Builder builder(where);
  Json::sax_parse(text, &builder);
  require(builder.root.is_object(), Status::bad_model, "{} must hold a JSON object, not {}.", where,
          excerpt(builder.root));
  return std::move(builder.root);
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
