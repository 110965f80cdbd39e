#include "model/weights.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/mapped_file.h"
#include "model/json.h"
#include "model/safetensors.h"

namespace unmask::model {
namespace {

constexpr const char* single_name = "model.safetensors";
constexpr const char* index_name = "model.safetensors.index.json";
constexpr uint64_t max_index_bytes = 100'000'000;
constexpr size_t max_shards = 4096;

using NamesOfShards = std::map<std::string, std::vector<std::string>>;

std::optional<DType> dtype_of_safetensors(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, DType>, 4> table = {
      {{"F32", DType::f32}, {"F16", DType::f16}, {"BF16", DType::bf16}, {"U32", DType::u32}}};
  for (const auto& [known, dtype] : table)
    if (known == name) return dtype;
  return std::nullopt;
}

// An index may name files of its own folder only.
void check_shard_name(const std::string& shard, const std::string& where) {
  const bool plain = !shard.empty() && shard != "." && shard != ".." &&
                     shard.find_first_of(std::string_view("/\\:\0", 4)) == std::string::npos;
  require(plain, Status::bad_model, "{} names the shard \"{}\", which is not a plain file name.", where,
          excerpt(std::string_view(shard)));
}

NamesOfShards read_index(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Json index = read_json_object(path, max_index_bytes);
  NamesOfShards result;
  for (const auto& [tensor, shard] : object_member(index, "weight_map", where).items()) {
    require(shard.is_string(), Status::bad_model, "{} must map \"{}\" to a file name, not {}.", where,
            excerpt(std::string_view(tensor)), excerpt(shard));
    check_shard_name(shard.get_ref<const std::string&>(), where);
    result[shard.get<std::string>()].push_back(tensor);
  }
  require(result.size() <= max_shards, Status::bad_model, "{} names {} shards; at most {} are allowed.",
          where, result.size(), max_shards);
  return result;
}

}  // namespace

class WeightsBuilder {
 public:
  explicit WeightsBuilder(const std::filesystem::path& folder) : folder_(folder) {
    content_->where = folder.string();
  }

  void add_file(const std::string& file) {
    for (SafetensorsEntry& entry : open(file)) add(std::move(entry));
  }

  // Takes from the shard what the index places there and nothing else.
  void add_shard(const std::string& shard, const std::vector<std::string>& names) {
    require(is_there(folder_ / shard), Status::not_found,
            "{} lacks the shard {} that its {} names: the download is incomplete.", content_->where, shard,
            index_name);
    std::map<std::string, SafetensorsEntry> entries;
    for (SafetensorsEntry& entry : open(shard)) entries.emplace(entry.name, std::move(entry));
    for (const std::string& name : names) {
      const auto found = entries.find(name);
      require(found != entries.end(), Status::bad_model, "{} places \"{}\" in {}, which has no such tensor.",
              (folder_ / index_name).string(), excerpt(std::string_view(name)), shard);
      add(std::move(found->second));
    }
  }

  Weights finish() { return Weights(std::move(content_)); }

 private:
  std::vector<SafetensorsEntry> open(const std::string& file) {
    content_->files.emplace_back(folder_ / file);
    return read_safetensors(content_->files.back().bytes(), (folder_ / file).string());
  }

  void add(SafetensorsEntry entry) {
    const std::string name = entry.name;
    if (const auto dtype = dtype_of_safetensors(entry.dtype)) {
      content_->tensors.emplace(name, TensorView{name, *dtype, std::move(entry.shape), entry.data});
    } else {
      content_->unusable.emplace(name, std::move(entry.dtype));
    }
  }

  std::filesystem::path folder_;
  std::shared_ptr<Weights::Content> content_ = std::make_shared<Weights::Content>();
};

const TensorView* Weights::find(std::string_view name) const {
  if (const auto found = content_->tensors.find(name); found != content_->tensors.end())
    return &found->second;
  if (const auto found = content_->unusable.find(name); found != content_->unusable.end()) {
    fail(Status::unsupported, "The tensor \"{}\" of {} holds {}; F32, F16, BF16 and U32 are supported.", name,
         content_->where, excerpt(std::string_view(found->second)));
  }
  return nullptr;
}

const TensorView& Weights::at(std::string_view name, std::span<const uint64_t> shape) const {
  const TensorView* tensor = find(name);
  require(tensor != nullptr, Status::bad_model,
          "{} has no tensor \"{}\" (expected with shape [{}]): it is incomplete or another kind of model.",
          content_->where, name, fmt::join(shape, ", "));
  require(std::equal(shape.begin(), shape.end(), tensor->shape.begin(), tensor->shape.end()),
          Status::bad_model, "The tensor \"{}\" of {} has shape [{}], but its config.json asks for [{}].",
          name, content_->where, fmt::join(tensor->shape, ", "), fmt::join(shape, ", "));
  return *tensor;
}

std::vector<const TensorView*> Weights::tensors() const {
  std::vector<const TensorView*> result;
  for (const auto& [name, tensor] : content_->tensors) result.push_back(&tensor);
  return result;
}

uint64_t Weights::bytes() const {
  uint64_t sum = 0;
  for (const auto& [name, tensor] : content_->tensors) sum += tensor.data.size();
  return sum;
}

Weights open_weights(const std::filesystem::path& folder) {
  std::error_code error;
  require(std::filesystem::is_directory(folder, error), Status::not_found, "There is no model folder {}.",
          folder.string());
  WeightsBuilder builder(folder);
  if (is_there(folder / single_name)) {
    builder.add_file(single_name);
  } else if (is_there(folder / index_name)) {
    for (const auto& [shard, names] : read_index(folder / index_name)) builder.add_shard(shard, names);
  } else {
    fail(Status::not_found,
         "{} has neither {} nor {}; weights in other formats (pytorch_model.bin) must be converted to "
         "safetensors.",
         folder.string(), single_name, index_name);
  }
  return builder.finish();
}

}  // namespace unmask::model
