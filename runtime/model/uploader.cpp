#include "model/uploader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <random>

#include "base/element.h"
#include "tensor/tensor.h"

namespace unmask::model {

using tensor::Weight;

SourceTensor FileTensors::at(const std::string& name, std::span<const uint64_t> shape) {
  const TensorView& view = weights_->at(name, shape);
  return {view.dtype, view.data, weights_};
}

SourceTensor RandomTensors::at(const std::string& name, std::span<const uint64_t> shape) {
  uint64_t count = 1;
  for (uint64_t extent : shape) count *= extent;
  auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(dtype_, count));
  std::minstd_rand engine(static_cast<uint32_t>(seed_ ^ std::hash<std::string>{}(name)));
  std::normal_distribution<float> normal(0.0f, 0.02f);
  const bool ones = shape.size() == 1;
  std::vector<float> period(4099);  // a prime, so that rows differ; drawing every weight would take minutes
  for (float& v : period) v = normal(engine);
  for (uint64_t i = 0; i < count; ++i) {
    store_float(dtype_, bytes->data(), i, ones ? 1.0f : period[(i + i / period.size()) % period.size()]);
  }
  return {dtype_, *bytes, bytes};
}

namespace {

std::vector<SourceTensor> take(TensorSource& source, std::span<const std::string> names,
                               std::span<const uint64_t> outputs, uint64_t inputs) {
  std::vector<SourceTensor> parts;
  for (size_t i = 0; i < names.size(); ++i) {
    parts.push_back(source.at(names[i], std::array{outputs[i], inputs}));
    require(parts[i].dtype == parts[0].dtype, Status::unsupported,
            "Tensors '{}' and '{}' are used together and must have the same data type, but are {} and {}.",
            names[0], names[i], info(parts[0].dtype).name, info(parts[i].dtype).name);
  }
  return parts;
}

}  // namespace

Weight Uploader::matrix(const std::string& name, uint64_t outputs, uint64_t inputs) {
  return matrix(std::span(&name, 1), std::span(&outputs, 1), inputs);
}

Weight Uploader::matrix(std::span<const std::string> names, std::span<const uint64_t> outputs,
                        uint64_t inputs) {
  const Weight w = stack(take(source_, names, outputs, inputs), outputs, inputs, names[0].c_str());
  parameters_ += uint64_t{w.outputs} * inputs;
  return w;
}

Weight Uploader::stack(std::span<const SourceTensor> parts, std::span<const uint64_t> outputs,
                       uint64_t inputs, const char* label) {
  const uint64_t stacked = std::accumulate(outputs.begin(), outputs.end(), uint64_t{0});
  const Weight w =
      allocate(parts[0].dtype, static_cast<uint32_t>(stacked), static_cast<uint32_t>(inputs), label);
  const uint64_t row_bytes = bytes_of(w.dtype, inputs);
  uint64_t first = 0;  // stacked output row at which the part begins
  for (size_t i = 0; i < parts.size(); first += outputs[i++]) {
    for (const Weight::Piece& piece : w.pieces) {
      const uint64_t begin = std::max<uint64_t>(first, piece.first_output);
      const uint64_t end =
          std::min<uint64_t>(first + outputs[i], uint64_t{piece.first_output} + piece.outputs);
      if (begin >= end) continue;
      queue({piece.slice.sub((begin - piece.first_output) * row_bytes, (end - begin) * row_bytes),
             parts[i].data.subspan((begin - first) * row_bytes, (end - begin) * row_bytes), parts[i].owner});
    }
  }
  return w;
}

Weight Uploader::allocate(DType dtype, uint32_t outputs, uint32_t inputs, const char* label) {
  Weight w{.dtype = dtype, .outputs = outputs, .inputs = inputs, .pieces = {}};
  const uint64_t range = backend_.traits().max_storage_range;
  for (const auto& [first, count] :
       tensor::split_rows(outputs, w.bytes_per_row(), range, tensor::vocabulary_tile)) {
    const uint64_t bytes = count * w.bytes_per_row();
    w.pieces.push_back({first, count, {backend_.allocate(bytes, graph::Memory::device, label), 0, bytes}});
  }
  return w;
}

graph::Slice Uploader::vector(std::span<const std::string> names, std::span<const uint64_t> sizes) {
  std::vector<float> values;
  for (size_t part = 0; part < names.size(); ++part) {
    const HostTensor tensor = read(names[part], sizes.subspan(part, 1));
    values.insert(values.end(), tensor.values.begin(), tensor.values.end());
  }
  return computed_vector(std::move(values), names[0].c_str());
}

graph::Slice Uploader::vector(const std::string& name, uint64_t size) {
  return vector(std::span(&name, 1), std::span(&size, 1));
}

HostTensor Uploader::read(const std::string& name, std::span<const uint64_t> shape) {
  const SourceTensor tensor = source_.at(name, shape);
  uint64_t size = 1;
  for (const uint64_t extent : shape) size *= extent;
  HostTensor result = {tensor.dtype, std::vector<float>(size)};
  for (uint64_t i = 0; i < size; ++i) result.values[i] = load_float(tensor.dtype, tensor.data.data(), i);
  parameters_ += size;
  return result;
}

Weight Uploader::computed_matrix(const HostTensor& tensor, uint64_t outputs, uint64_t inputs,
                                 const char* label) {
  assert(tensor.values.size() == outputs * inputs);
  const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(tensor.dtype, tensor.values.size()));
  for (uint64_t i = 0; i < tensor.values.size(); ++i)
    store_float(tensor.dtype, bytes->data(), i, tensor.values[i]);
  const SourceTensor packed = {tensor.dtype, *bytes, bytes};
  return stack(std::span(&packed, 1), std::span(&outputs, 1), inputs, label);
}

graph::Slice Uploader::rope_table(uint64_t positions, uint64_t dim, double theta) {
  std::vector<float> table;
  table.reserve(positions * dim);
  for (uint64_t p = 0; p < positions; ++p) {
    for (uint64_t i = 0; i < dim; i += 2) {
      const double angle =
          static_cast<double>(p) * std::pow(theta, -static_cast<double>(i) / static_cast<double>(dim));
      table.push_back(static_cast<float>(std::cos(angle)));
      table.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  return computed_vector(std::move(table), "rope table");
}

bool Uploader::step() {
  constexpr size_t bytes_per_step = 8u << 20;
  if (copies_.empty()) return false;
  Copy& copy = copies_.front();
  const size_t bytes = std::min(bytes_per_step, copy.from.size());
  backend_.write(copy.to.sub(0, bytes), copy.from.first(bytes));
  done_ += bytes;
  copy.to = copy.to.sub(bytes, copy.to.size - bytes);
  copy.from = copy.from.subspan(bytes);
  if (copy.from.empty()) copies_.pop_front();
  return !copies_.empty();
}

void Uploader::queue(Copy copy) {
  total_ += copy.from.size();
  copies_.push_back(std::move(copy));
}

graph::Slice Uploader::computed_vector(std::vector<float> values, const char* label) {
  const auto owned = std::make_shared<const std::vector<float>>(std::move(values));
  const graph::Slice slice =
      tensor::allocate_array<float>(backend_, owned->size(), graph::Memory::device, label);
  queue({slice, std::as_bytes(std::span(*owned)), owned});
  return slice;
}

}  // namespace unmask::model
