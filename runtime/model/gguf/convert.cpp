#include "model/gguf/convert.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/error.h"
#include "model/gguf/tokenizer.h"
#include "model/json.h"

namespace unmask::model::gguf {
namespace {

constexpr uint32_t quantisation_version = 2;  // of ggml's block formats

// llama.cpp's numbers for files whose matrices are mostly of a type.
uint32_t file_type(DType type) {
  switch (type) {
    case DType::f16:
      return 1;
    case DType::q4_0:
      return 2;
    case DType::q8_0:
      return 7;
    case DType::q4_k:
      return 14;
    case DType::q6_k:
      return 18;
    case DType::bf16:
      return 32;
    default:
      return 0;
  }
}

uint64_t row_count(const TensorView& tensor) { return tensor.shape.size() < 2 ? 1 : tensor.shape[0]; }

uint64_t row_length(const TensorView& tensor) { return tensor.shape.empty() ? 1 : tensor.shape.back(); }

// From a row in adjacent-pair order to where it stands in half-rotation order.
uint64_t half_rotation_row(uint64_t row, uint64_t rows, uint32_t heads) {
  if (heads == 0) return row;
  const uint64_t head_rows = rows / heads, in_head = row % head_rows;
  return row - in_head + in_head % 2 * (head_rows / 2) + in_head / 2;
}

// What must be absent, or is "none", has no key.
void write_fixed(const std::string& key, const char* value, Writer& writer) {
  const Json json = value != nullptr ? Json::parse(value) : Json();
  if (json.is_boolean()) writer.flag(key, json.get<bool>());
  if (json.is_number_unsigned()) writer.integer(key, json.get<uint32_t>());
}

void write_config(const ModelConfig& config, const Family& family, DType type, Writer& writer) {
  const ConfigFamily& fields = family.config;
  writer.text("general.architecture", fields.model_type);
  writer.integer("general.file_type", file_type(type));
  writer.integer("general.quantization_version", quantisation_version);
  for (const IntegerField& field : fields.integers)
    writer.integer(full_key(family, field.key.key), config.*field.member);
  for (const NumberField& field : fields.numbers)
    writer.number(full_key(family, field.key.key), static_cast<float>(config.*field.member));
  for (const TokenField& field : fields.tokens)
    writer.integer(full_key(family, field.key.key), static_cast<uint32_t>(config.*field.member));
  for (const FixedField& field : fields.fixed) write_fixed(full_key(family, field.key), field.value, writer);
  if (config.begin_token) writer.integer(fields.begin_token, static_cast<uint32_t>(*config.begin_token));
  writer.integer(full_key(family, fields.head_dim), config.head_dim);
  writer.integer(full_key(family, "attention.value_length"), config.head_dim);
  writer.integer(full_key(family, "rope.dimension_count"), config.head_dim);
}

}  // namespace

PartialFile::PartialFile(std::filesystem::path destination)
    : destination_(std::move(destination)),
      partial_(destination_.string() + ".part"),
      file_(partial_, std::ios::binary | std::ios::trunc) {
  require(file_.good(), Status::io, "Cannot write {}.", partial_.string());
}

PartialFile::~PartialFile() {
  if (finished_) return;
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void PartialFile::check() const {
  require(file_.good(), Status::io, "Cannot write {} to its end; is the disk full?", partial_.string());
}

void PartialFile::write(std::span<const char> bytes) {
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  check();
}

void PartialFile::finish() {
  file_.close();
  check();
  std::error_code error;
  std::filesystem::rename(partial_, destination_, error);
  if (error)
    fail(Status::io, "Cannot rename {} to {}: {}.", partial_.string(), destination_.string(),
         error.message());
  finished_ = true;
}

Converter::Converter(const std::filesystem::path& folder, std::filesystem::path destination, DType type)
    : weights_(open_weights(folder)), config_(read_config(folder)), file_(std::move(destination)) {
  const Family& family = family_of_config(config_);
  Writer writer;
  write_config(config_, family, type, writer);
  write_tokenizer(folder, config_.vocabulary, writer);
  plan(writer, family, type);
  file_.write(writer.header());
}

void Converter::plan(Writer& writer, const Family& family, DType type) {
  for (const TensorName& name : family.tensors) {
    const bool in_layers = std::string_view(name.network).find("{}") != std::string_view::npos;
    for (uint32_t layer = 0; layer < (in_layers ? config_.layers : 1); ++layer)
      plan_tensor(writer, name, layer, type);
  }
  note_what_is_left(family);
}

// What becomes one tensor of the file: a tensor of the folder, or those of all experts.
std::vector<const TensorView*> Converter::parts(const TensorName& name, uint32_t layer) const {
  std::vector<const TensorView*> result;
  for (uint32_t expert = 0; expert < stacked_count(name, config_); ++expert) {
    const std::string network = layer_name(name.network, layer, expert);
    const TensorView* tensor = weights_.find(network);
    require(tensor != nullptr, Status::bad_model, "The model has no tensor \"{}\": it is incomplete.",
            network);
    require(tensor->dtype != DType::u32 && tensor->shape.size() <= 2, Status::unsupported,
            "The tensor \"{}\" is no vector or matrix of floats.", network);
    result.push_back(tensor);
    require(tensor->shape == result[0]->shape, Status::bad_model,
            "The tensor \"{}\" has shape [{}], but that of the first expert has [{}].", network,
            fmt::join(tensor->shape, ", "), fmt::join(result[0]->shape, ", "));
  }
  return result;
}

DType Converter::stored_type(const TensorName& name, const TensorView& tensor, uint32_t layer, DType type) {
  if (tensor.shape.size() != 2 || name.stored == Stored::in_f32) return DType::f32;
  const DType fitting = fitting_type(type, tensor.shape[1]);
  if (fitting != type && layer == 0)  // the other layers' are alike
    notes_.push_back(fmt::format("{} is {}: its rows of {} values are no whole number of blocks of {}.",
                                 fmt::format(fmt::runtime(name.gguf), "*"), info(fitting).name,
                                 tensor.shape[1], info(type).name));
  return fitting;
}

void Converter::plan_tensor(Writer& writer, const TensorName& name, uint32_t layer, DType type) {
  if (config_.tie_embeddings && std::string_view(name.gguf) == head_tensor) return;
  const std::vector<const TensorView*> tensors = parts(name, layer);
  const TensorView& first = *tensors[0];
  const uint32_t heads = paired_heads(name, config_);
  require(heads == 0 || row_count(first) == uint64_t{heads} * config_.head_dim, Status::bad_model,
          "The tensor \"{}\" has {} rows, but {} heads of {} are {}.", first.name, row_count(first), heads,
          config_.head_dim, uint64_t{heads} * config_.head_dim);
  const DType stored = stored_type(name, first, layer, type);
  std::vector<uint64_t> shape = first.shape;
  if (name.stored == Stored::stacked_experts) shape.insert(shape.begin(), tensors.size());
  writer.tensor(layer_name(name.gguf, layer), shape, stored);
  for (const TensorView* tensor : tensors) {
    items_.push_back({tensor, stored, heads, 0});
    total_ += tensor->data.size();
  }
  const uint64_t bytes = bytes_of(stored, row_length(first)) * row_count(first) * tensors.size();
  items_.back().padding = padding_after(bytes);
}

void Converter::note_what_is_left(const Family& family) {
  std::set<std::string> known;
  for (const Item& item : items_) known.insert(item.from->name);
  for (const TensorView* tensor : weights_.tensors())
    if (!known.contains(tensor->name))
      notes_.push_back(fmt::format("{} is left out: GGUF files of {} models have no place for it.",
                                   tensor->name, family.config.architecture));
}

bool Converter::step() {
  constexpr uint64_t elements_per_step = 2u << 20;
  if (item_ == items_.size()) return false;
  const Item& item = items_[item_];
  const uint64_t rows = row_count(*item.from), length = std::max<uint64_t>(row_length(*item.from), 1);
  const uint64_t count = std::clamp<uint64_t>(elements_per_step / length, 1, rows - row_);
  write_rows(item, row_, count);
  row_ += count;
  done_ += bytes_of(item.from->dtype, count * row_length(*item.from));
  if (row_ == rows) ++item_, row_ = 0;
  if (item_ == items_.size()) file_.finish();
  return item_ < items_.size();
}

void Converter::write_rows(const Item& item, uint64_t first, uint64_t count) {
  const uint64_t rows = row_count(*item.from), length = row_length(*item.from);
  const uint64_t from_bytes = bytes_of(item.from->dtype, length), to_bytes = bytes_of(item.type, length);
  std::vector<float> values(length);
  std::vector<std::byte> bytes(count * to_bytes);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t row = half_rotation_row(first + i, rows, item.heads);
    info(item.from->dtype).dequantise(&item.from->data[row * from_bytes], values);
    info(item.type).quantise(values, &bytes[i * to_bytes]);
  }
  file_.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (first + count == rows) file_.write(std::string(item.padding, '\0'));
}

}  // namespace unmask::model::gguf
