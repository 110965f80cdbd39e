// Reading JSON that came from somebody else: bounded, without duplicate keys, and with sentences for what is
// wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace unmask::model {

using Json = nlohmann::json;

// Parses `text`, which must be an object nested no deeper than 32 levels and with no key twice in one object.
// `where` names the file in sentences. Throws bad_model.
Json parse_json_object(std::string_view text, const std::string& where);

// The same of a whole file of at most `max_bytes`; also throws what MappedFile throws.
Json read_json_object(const std::filesystem::path& path, uint64_t max_bytes);

// Typed members of an object. A member that is absent or null counts as absent. `where` names the object in
// sentences ("config.json"). All throw bad_model where the member has another type.
const Json* find_member(const Json& object, std::string_view key);
const Json& array_member(const Json& object, std::string_view key, std::string_view where);
const Json& object_member(const Json& object, std::string_view key, std::string_view where);
const std::string& string_member(const Json& object, std::string_view key, std::string_view where);
bool bool_member_or(const Json& object, std::string_view key, bool absent, std::string_view where);

// The integer that `value` is, from min to max; `what` names it in sentences.
int64_t as_integer(const Json& value, int64_t min, int64_t max, std::string_view what);

// `value` in short for a sentence: some dozens of characters at most, control characters escaped.
std::string excerpt(const Json& value);
std::string excerpt(std::string_view text);

}  // namespace unmask::model
