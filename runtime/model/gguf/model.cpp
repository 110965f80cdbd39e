#include "model/gguf/model.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "model/gguf/family.h"
#include "model/gguf/file.h"
#include "model/gguf/tokenizer.h"
#include "model/tokenizer/tokenizer_file.h"

namespace unmask::model::gguf {
namespace {

struct OpenFile {
  explicit OpenFile(const std::filesystem::path& path)
      : where(path.string()), mapping(path), content(read(mapping.bytes(), where)) {
    for (const Tensor& tensor : content.tensors) by_name.emplace(tensor.name, &tensor);
  }

  std::string where;
  MappedFile mapping;
  Content content;
  std::map<std::string, const Tensor*, std::less<>> by_name;
};

class GgufTensors final : public TensorSource {
 public:
  GgufTensors(std::shared_ptr<const OpenFile> file, const Family& family, const ModelConfig& config)
      : file_(std::move(file)), config_(config) {
    for (const TensorName& name : family.tensors)
      for (uint32_t layer = 0; layer < config.layers; ++layer)
        for (uint32_t expert = 0; expert < stacked_count(name, config); ++expert)
          names_.try_emplace(layer_name(name.network, layer, expert),
                             Name{&name, layer_name(name.gguf, layer), expert});
  }

  bool has(const std::string& name) const override {
    const auto known = names_.find(name);
    return known != names_.end() && file_->by_name.contains(known->second.gguf);
  }

  SourceTensor at(const std::string& name, std::span<const uint64_t> shape) override {
    const auto known = names_.find(name);
    require(known != names_.end(), Status::internal, "The tensor \"{}\" has no name in GGUF.", name);
    const Tensor& tensor = find(known->second.gguf);
    std::vector<uint64_t> expected(shape.begin(), shape.end());
    if (is_stacked(known->second)) expected.insert(expected.begin(), config_.experts);
    require(tensor.shape == expected, Status::bad_model,
            "The tensor \"{}\" of {} has shape [{}], but its metadata asks for [{}].", tensor.name,
            file_->where, fmt::join(tensor.shape, ", "), fmt::join(expected, ", "));
    const std::optional<DType> dtype = dtype_of_gguf(tensor.type);
    require(dtype.has_value(), Status::unsupported,
            "The tensor \"{}\" of {} is in ggml's format number {}, which this build does not read; convert "
            "the model "
            "to one of those that `unmask convert --help` lists.",
            tensor.name, file_->where, tensor.type);
    return {*dtype, part(tensor, known->second), file_, paired_heads(*known->second.entry, config_)};
  }

 private:
  struct Name {
    const TensorName* entry;
    std::string gguf;
    uint32_t expert;  // which of the stacked matrices
  };

  const Tensor& find(const std::string& name) const {
    const auto found = file_->by_name.find(name);
    require(found != file_->by_name.end(), Status::bad_model,
            "{} has no tensor \"{}\": it is incomplete or another kind of model.", file_->where, name);
    return *found->second;
  }

  static bool is_stacked(const Name& name) { return name.entry->stored == Stored::stacked_experts; }

  std::span<const std::byte> part(const Tensor& tensor, const Name& name) const {
    const uint64_t bytes = tensor.data.size() / stacked_count(*name.entry, config_);
    return tensor.data.subspan(name.expert * bytes, bytes);
  }

  std::shared_ptr<const OpenFile> file_;
  ModelConfig config_;
  std::map<std::string, Name, std::less<>> names_;  // by the network's
};

// The metadata in the words of the family's tables.
Json config_json(const OpenFile& file, const Family& family) {
  const std::string prefix = std::string(family.config.model_type) + ".";
  Json json = Json::object();
  for (const auto& [key, value] : file.content.metadata.items()) {
    if (key.starts_with(prefix)) {
      json[key.substr(prefix.size())] = value;
    } else if (!is_prefixed(key)) {
      json[key] = value;
    }
  }
  const auto embedding = file.by_name.find(embedding_tensor);
  require(embedding != file.by_name.end() && embedding->second->shape.size() == 2, Status::bad_model,
          "{} has no matrix \"{}\": it holds no model, or only its vocabulary.", file.where,
          embedding_tensor);
  json["vocab_size"] = embedding->second->shape[0];
  json["tie_embeddings"] = !file.by_name.contains(head_tensor);
  return json;
}

void check_rotation(const Json& json, const ModelConfig& config, const std::string& where) {
  const Json* rotated = find_member(json, "rope.dimension_count");
  require(rotated == nullptr || *rotated == config.head_dim, Status::unsupported,
          "{} rotates {} of the {} values of a head; only whole heads are supported.", where,
          rotated != nullptr ? excerpt(*rotated) : "", config.head_dim);
}

}  // namespace

OpenedModel open(const std::filesystem::path& path) {
  const auto file = std::make_shared<const OpenFile>(path);
  const Json& metadata = file->content.metadata;
  const Family& family =
      family_of_gguf(string_member(metadata, "general.architecture", file->where), file->where);
  const Json json = config_json(*file, family);
  OpenedModel opened{.config = read_config_fields(json, family.config, file->where)};
  check_rotation(json, opened.config, file->where);
  if (const auto tokenizer = tokenizer_json(metadata, file->where))
    opened.tokenizer = Tokenizer::make(parse_tokenizer(*tokenizer, file->where));
  if (const Json* text = find_member(metadata, "tokenizer.chat_template");
      text != nullptr && text->is_string())
    opened.chat_template = *text;
  opened.tensors = std::make_unique<GgufTensors>(file, family, opened.config);
  return opened;
}

}  // namespace unmask::model::gguf
