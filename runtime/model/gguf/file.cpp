#include "model/gguf/file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>

#include "base/dtype.h"
#include "base/error.h"

namespace unmask::model::gguf {
namespace {

constexpr uint32_t oldest_version = 2;
constexpr uint64_t max_rank = 4;           // ggml's
constexpr uint64_t max_values = 1u << 24;  // of metadata in all: a vocabulary has a few hundred thousand
constexpr uint64_t max_name_bytes = 1024;  // of keys and tensors; ggml has less
constexpr uint64_t max_alignment = 1u << 20;
constexpr uint64_t least_entry_bytes = 8 + 4;  // an entry has a text's length and a type at least

uint64_t round_up(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// A place in the file that never leaves it.
class Cursor {
 public:
  Cursor(std::span<const std::byte> file, const std::string& where) : file_(file), where_(where) {}

  template <typename T>
  T take() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::span<const std::byte> take(uint64_t bytes) {
    require(bytes <= left(), Status::bad_model,
            "{} is truncated or damaged: at byte {} it needs {} more bytes, but has {}.", where_, at_, bytes,
            left());
    at_ += bytes;
    return file_.subspan(at_ - bytes, bytes);
  }

  std::string text() {
    const auto bytes = take(take<uint64_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::string name(const char* what) {
    const uint64_t length = take<uint64_t>();
    require(length > 0 && length <= max_name_bytes, Status::bad_model,
            "{} has {} of {} bytes at byte {}; 1 to {} make sense.", where_, what, length, at_,
            max_name_bytes);
    const auto bytes = take(length);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  // A count of things of which each takes at least `bytes` bytes of what is left.
  uint64_t count(const char* what, uint64_t bytes) {
    const auto value = take<uint64_t>();
    require(value <= left() / bytes, Status::bad_model,
            "{} claims to have {} {}, more than its {} remaining bytes can hold.", where_, value, what,
            left());
    return value;
  }

  uint64_t at() const { return at_; }
  uint64_t left() const { return file_.size() - at_; }

 private:
  std::span<const std::byte> file_;
  const std::string& where_;
  uint64_t at_ = 0;
};

uint64_t least_bytes(ValueType type) {
  switch (type) {
    case ValueType::uint8:
    case ValueType::int8:
    case ValueType::boolean:
      return 1;
    case ValueType::uint16:
    case ValueType::int16:
      return 2;
    case ValueType::uint32:
    case ValueType::int32:
    case ValueType::float32:
      return 4;
    default:
      return 8;
  }
}

class MetadataReader {
 public:
  MetadataReader(Cursor& cursor, const std::string& where) : cursor_(cursor), where_(where) {}

  Json read(uint64_t count) {
    Json::object_t members;
    for (uint64_t i = 0; i < count; ++i) {
      std::string key = cursor_.name("a key");
      Json value = this->value(type(), key);
      const auto [member, is_new] = members.try_emplace(std::move(key), std::move(value));
      require(is_new, Status::bad_model, "{} has the key \"{}\" twice.", where_,
              excerpt(std::string_view(member->first)));
    }
    return members;
  }

 private:
  ValueType type() {
    const auto number = cursor_.take<uint32_t>();
    require(number <= static_cast<uint32_t>(ValueType::float64), Status::bad_model,
            "{} has metadata of the unknown type {} before byte {}.", where_, number, cursor_.at());
    return static_cast<ValueType>(number);
  }

  Json value(ValueType type, const std::string& key) {
    ++values_;
    switch (type) {
      case ValueType::uint8:
        return cursor_.take<uint8_t>();
      case ValueType::int8:
        return cursor_.take<int8_t>();
      case ValueType::uint16:
        return cursor_.take<uint16_t>();
      case ValueType::int16:
        return cursor_.take<int16_t>();
      case ValueType::uint32:
        return cursor_.take<uint32_t>();
      case ValueType::int32:
        return cursor_.take<int32_t>();
      case ValueType::float32:
        return cursor_.take<float>();
      case ValueType::boolean:
        return cursor_.take<uint8_t>() != 0;
      case ValueType::string:
        return cursor_.text();
      case ValueType::uint64:
        return cursor_.take<uint64_t>();
      case ValueType::int64:
        return cursor_.take<int64_t>();
      case ValueType::float64:
        return cursor_.take<double>();
      case ValueType::array:
        break;
    }
    return array(key);
  }

  Json array(const std::string& key) {
    const ValueType element = type();
    require(element != ValueType::array, Status::unsupported,
            "The array \"{}\" of {} holds arrays; nothing that this build reads needs any.",
            excerpt(std::string_view(key)), where_);
    const uint64_t count = cursor_.count("values in an array", least_bytes(element));
    require(count <= max_values && values_ + count <= max_values, Status::bad_model,
            "{} has more than {} values of metadata, more than a sane file.", where_, max_values);
    Json::array_t values;
    values.reserve(count);
    for (uint64_t i = 0; i < count; ++i) values.push_back(value(element, key));
    return values;
  }

  Cursor& cursor_;
  const std::string& where_;
  uint64_t values_ = 0;
};

// What stands of a tensor before its data.
struct TensorInfo {
  Tensor tensor;
  uint64_t offset;
};

class TensorReader {
 public:
  TensorReader(Cursor& cursor, const std::string& where) : cursor_(cursor), where_(where) {}

  TensorInfo info() {
    TensorInfo result;
    result.tensor.name = cursor_.name("a tensor's name");
    const std::string& name = result.tensor.name;
    require(names_.insert(name).second, Status::bad_model, "{} has the tensor \"{}\" twice.", where_,
            excerpt(std::string_view(name)));
    const auto rank = cursor_.take<uint32_t>();
    require(rank <= max_rank, Status::bad_model,
            "The tensor \"{}\" of {} has {} dimensions; at most {} exist.", excerpt(std::string_view(name)),
            where_, rank, max_rank);
    for (uint32_t i = 0; i < rank; ++i) result.tensor.shape.push_back(cursor_.take<uint64_t>());
    std::ranges::reverse(result.tensor.shape);
    result.tensor.type = cursor_.take<uint32_t>();
    result.offset = cursor_.take<uint64_t>();
    return result;
  }

  // Nothing for a type that we do not know.
  std::optional<uint64_t> bytes(const Tensor& tensor) const {
    const std::string name = excerpt(std::string_view(tensor.name));
    uint64_t elements = 1;
    for (const uint64_t extent : tensor.shape) {
      require(extent > 0 && elements <= INT64_MAX / extent, Status::bad_model,
              "The shape [{}] of the tensor \"{}\" of {} cannot exist.", fmt::join(tensor.shape, ", "), name,
              where_);
      elements *= extent;
    }
    const std::optional<DType> dtype = dtype_of_gguf(tensor.type);
    if (!dtype) return std::nullopt;
    const DTypeInfo& type = unmask::info(*dtype);
    const uint64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    require(row % type.block_elements == 0, Status::bad_model,
            "The tensor \"{}\" of {} has rows of {} elements, which are no whole number of the {} in a block "
            "of {}.",
            name, where_, row, type.block_elements, type.name);
    require(elements / type.block_elements <= INT64_MAX / type.block_bytes, Status::bad_model,
            "The tensor \"{}\" of {} has more bytes than can exist.", name, where_);
    return bytes_of(*dtype, elements);
  }

  void place(TensorInfo& info, std::span<const std::byte> data, uint64_t alignment) const {
    const std::string name = excerpt(std::string_view(info.tensor.name));
    require(info.offset % alignment == 0, Status::bad_model,
            "The tensor \"{}\" of {} begins at byte {}, which is no multiple of the alignment {}.", name,
            where_, info.offset, alignment);
    require(info.offset <= data.size(), Status::bad_model, "The tensor \"{}\" of {} begins outside the file.",
            name, where_);
    const std::optional<uint64_t> size = bytes(info.tensor);
    if (!size) return;
    require(*size <= data.size() - info.offset, Status::bad_model,
            "The tensor \"{}\" of {} needs {} bytes from byte {} of the data, which has {}: the file is "
            "damaged or "
            "truncated; fetch it again.",
            name, where_, *size, info.offset, data.size());
    info.tensor.data = data.subspan(info.offset, *size);
  }

 private:
  Cursor& cursor_;
  const std::string& where_;
  std::set<std::string> names_;
};

void check_overlaps(std::vector<TensorInfo>& tensors, const std::string& where) {
  std::ranges::sort(tensors, {}, &TensorInfo::offset);
  for (size_t i = 1; i < tensors.size(); ++i)
    require(tensors[i - 1].offset + tensors[i - 1].tensor.data.size() <= tensors[i].offset, Status::bad_model,
            "The tensors \"{}\" and \"{}\" of {} overlap.",
            excerpt(std::string_view(tensors[i - 1].tensor.name)),
            excerpt(std::string_view(tensors[i].tensor.name)), where);
}

void check_version(uint32_t found, const std::string& where) {
  require(found != oldest_version << 24 && found != version << 24, Status::unsupported,
          "{} is a big-endian GGUF file; this build reads little-endian ones.", where);
  require(found >= oldest_version && found <= version, Status::unsupported,
          "{} is GGUF of version {}; this build reads versions {} and {}.", where, found, oldest_version,
          version);
}

uint64_t alignment_of(const Json& metadata, const std::string& where) {
  const Json* value = find_member(metadata, "general.alignment");
  if (value == nullptr) return default_alignment;
  const auto alignment =
      static_cast<uint64_t>(as_integer(*value, 1, max_alignment, "The alignment of " + where));
  require(std::has_single_bit(alignment), Status::bad_model, "The alignment of {} is {}, not a power of two.",
          where, alignment);
  return alignment;
}

}  // namespace

bool is_gguf(std::span<const std::byte> file) {
  uint32_t begin = 0;
  if (file.size() < sizeof(begin)) return false;
  std::memcpy(&begin, file.data(), sizeof(begin));
  return begin == magic;
}

Content read(std::span<const std::byte> file, const std::string& where) {
  require(is_gguf(file), Status::bad_model, "{} is not a GGUF file: it does not begin with \"GGUF\".", where);
  Cursor cursor(file, where);
  cursor.take<uint32_t>();
  check_version(cursor.take<uint32_t>(), where);
  const uint64_t tensor_count = cursor.count("tensors", least_entry_bytes);
  const uint64_t value_count = cursor.count("metadata keys", least_entry_bytes);
  Content content;
  content.metadata = MetadataReader(cursor, where).read(value_count);
  TensorReader reader(cursor, where);
  std::vector<TensorInfo> tensors;
  for (uint64_t i = 0; i < tensor_count; ++i) tensors.push_back(reader.info());
  const uint64_t alignment = alignment_of(content.metadata, where);
  const uint64_t begin = std::min<uint64_t>(round_up(cursor.at(), alignment), file.size());
  for (TensorInfo& info : tensors) reader.place(info, file.subspan(begin), alignment);
  check_overlaps(tensors, where);
  for (TensorInfo& info : tensors) content.tensors.push_back(std::move(info.tensor));
  return content;
}

}  // namespace unmask::model::gguf
