#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "model/json.h"

namespace unmask::model {
namespace {

constexpr uint64_t length_bytes = 8;
constexpr uint64_t max_header_bytes = 100'000'000;  // the limit of the reference implementation
constexpr size_t max_rank = 8;

// Bits of one element of the dtypes that the format knows, or nothing for a name it does not.
std::optional<uint64_t> element_bits(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, uint64_t>, 20> table = {{
      {"F64", 64},    {"F32", 32},    {"F16", 16},    {"BF16", 16},   {"F8_E4M3", 8},
      {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F4", 4},
      {"C64", 64},    {"I64", 64},    {"I32", 32},    {"I16", 16},    {"I8", 8},
      {"U64", 64},    {"U32", 32},    {"U16", 16},    {"U8", 8},      {"BOOL", 8},
  }};
  for (const auto& [name, bits] : table)
    if (name == dtype) return bits;
  return std::nullopt;
}

// Reads the header of one file; `data` is what follows the header.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> data, const std::string& where) : data_(data), where_(where) {}

  SafetensorsEntry entry(const std::string& name, const Json& json) const {
    const std::string what = fmt::format("the tensor \"{}\" of {}", excerpt(std::string_view(name)), where_);
    require(json.is_object(), Status::bad_model, "The header entry of {} must be an object, not {}.", what,
            excerpt(json));
    SafetensorsEntry result{name, string_member(json, "dtype", what), shape(json, what), bytes(json, what)};
    check_size(result, what);
    return result;
  }

 private:
  std::vector<uint64_t> shape(const Json& json, const std::string& what) const {
    const Json& sizes = array_member(json, "shape", what);
    require(sizes.size() <= max_rank, Status::bad_model,
            "The entry of {} has {} dimensions; at most {} make sense.", what, sizes.size(), max_rank);
    std::vector<uint64_t> result;
    for (const Json& size : sizes)
      result.push_back(static_cast<uint64_t>(as_integer(size, 0, INT64_MAX, "A dimension of " + what)));
    return result;
  }

  std::span<const std::byte> bytes(const Json& json, const std::string& what) const {
    const Json& offsets = array_member(json, "data_offsets", what);
    require(offsets.size() == 2, Status::bad_model, "data_offsets of {} must hold two numbers, not {}.", what,
            offsets.size());
    const auto begin = static_cast<uint64_t>(as_integer(offsets[0], 0, INT64_MAX, "An offset of " + what));
    const auto end = static_cast<uint64_t>(as_integer(offsets[1], 0, INT64_MAX, "An offset of " + what));
    require(begin <= end && end <= data_.size(), Status::bad_model,
            "The bytes {} to {} of {} lie outside the file, which has {} bytes of tensors: it is damaged or "
            "truncated; fetch it again.",
            begin, end, what, data_.size());
    return data_.subspan(begin, end - begin);
  }

  static void check_size(const SafetensorsEntry& entry, const std::string& what) {
    const std::optional<uint64_t> bits = element_bits(entry.dtype);
    if (!bits) return;  // an element type newer than this table: whoever asks for the tensor is told
    uint64_t total = *bits;
    for (const uint64_t size : entry.shape) {
      require(size == 0 || total <= UINT64_MAX / size, Status::bad_model,
              "The shape of {} has more elements than can exist.", what);
      total *= size;
    }
    require(total % 8 == 0 && total / 8 == entry.data.size(), Status::bad_model,
            "The entry of {} has {} bytes, but {} elements of shape [{}] need {}.", what, entry.data.size(),
            entry.dtype, fmt::join(entry.shape, ", "), total / 8 + (total % 8 != 0));
  }

  std::span<const std::byte> data_;
  const std::string& where_;
};

uint64_t header_length(std::span<const std::byte> file, const std::string& where) {
  require(file.size() >= length_bytes, Status::bad_model,
          "{} has {} bytes, too few for a safetensors file: it is empty or truncated.", where, file.size());
  uint64_t length = 0;
  for (uint64_t i = 0; i < length_bytes; ++i) length |= std::to_integer<uint64_t>(file[i]) << (8 * i);
  require(length <= max_header_bytes, Status::bad_model,
          "{} is not a safetensors file: its header would have {} bytes (at most {} are allowed).", where,
          length, max_header_bytes);
  require(length <= file.size() - length_bytes, Status::bad_model,
          "{} is truncated: its header has {} bytes, but only {} follow.", where, length,
          file.size() - length_bytes);
  return length;
}

// Tensors cover the data without gap or overlap; `entries` are sorted by their bytes.
void check_cover(std::span<const SafetensorsEntry> entries, std::span<const std::byte> data,
                 const std::string& where) {
  const std::byte* expected = data.data();
  for (const SafetensorsEntry& entry : entries) {
    require(entry.data.data() >= expected, Status::bad_model,
            "The tensor \"{}\" of {} overlaps another tensor.", excerpt(std::string_view(entry.name)), where);
    require(entry.data.data() == expected, Status::bad_model,
            "{} has {} bytes before the tensor \"{}\" that belong to no tensor.", where,
            entry.data.data() - expected, excerpt(std::string_view(entry.name)));
    expected += entry.data.size();
  }
  const auto left = static_cast<size_t>(data.data() + data.size() - expected);
  require(left == 0, Status::bad_model, "{} has {} bytes after its last tensor that belong to no tensor.",
          where, left);
}

}  // namespace

std::vector<SafetensorsEntry> read_safetensors(std::span<const std::byte> file, const std::string& where) {
  const uint64_t length = header_length(file, where);
  const std::string_view text(reinterpret_cast<const char*>(file.data()) + length_bytes, length);
  const auto data = file.subspan(length_bytes + length);
  const HeaderReader reader(data, where);
  std::vector<SafetensorsEntry> entries;
  const Json header = parse_json_object(text, "The header of " + where);
  for (const auto& [name, json] : header.items())
    if (name != "__metadata__") entries.push_back(reader.entry(name, json));
  std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
    return std::pair(a.data.data(), a.data.size()) < std::pair(b.data.data(), b.data.size());
  });
  check_cover(entries, data, where);
  return entries;
}

}  // namespace unmask::model
