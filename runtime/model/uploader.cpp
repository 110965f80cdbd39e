#include "model/uploader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <random>

#include "base/error.h"
#include "tensor/tensor.h"
#include "tensor/weight_layout.h"

namespace unmask::model {

using tensor::Weight;

SourceTensor FileTensors::at(const std::string& name, std::span<const uint64_t> shape) {
  const TensorView& view = weights_->at(name, shape);
  return {view.dtype, view.data, weights_};
}

namespace {

// As many as draw no pattern; drawing every weight would take minutes.
std::vector<std::byte> random_blocks(DType dtype, uint32_t seed) {
  std::minstd_rand engine(seed);
  std::normal_distribution<float> normal(0.0f, 0.02f);
  std::vector<float> values(size_t{17} * 256);
  for (float& v : values) v = normal(engine);
  std::vector<std::byte> blocks(bytes_of(dtype, values.size()));
  info(dtype).quantise(values, blocks.data());
  return blocks;
}

}  // namespace

SourceTensor RandomTensors::at(const std::string& name, std::span<const uint64_t> shape) {
  uint64_t count = 1;
  for (uint64_t extent : shape) count *= extent;
  if (shape.size() == 1) {
    const auto ones = std::make_shared<const std::vector<float>>(count, 1.0f);
    return {DType::f32, std::as_bytes(std::span(*ones)), ones};
  }
  const DType dtype = fitting_type(dtype_, shape.back());
  const std::vector<std::byte> period =
      random_blocks(dtype, static_cast<uint32_t>(seed_ ^ std::hash<std::string>{}(name)));
  const uint64_t block = info(dtype).block_bytes, blocks = period.size() / block;
  auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(dtype, count));
  for (uint64_t i = 0; i < bytes->size() / block; ++i)
    std::memcpy(bytes->data() + i * block, &period[(i + i / blocks) % blocks * block], block);
  return {dtype, *bytes, bytes};
}

namespace {

std::vector<SourceTensor> take(TensorSource& source, std::span<const std::string> names,
                               std::span<const uint64_t> outputs, uint64_t inputs) {
  std::vector<SourceTensor> parts;
  for (size_t i = 0; i < names.size(); ++i) {
    parts.push_back(source.at(names[i], std::array{outputs[i], inputs}));
    const DTypeInfo& type = info(parts[i].dtype);
    require(type.dequantise != nullptr && inputs % type.block_elements == 0, Status::unsupported,
            "The tensor '{}' has rows of {} {}, which no matrix product reads.", names[i], inputs, type.name);
  }
  return parts;
}

// From a row in half-rotation order to its place in adjacent-pair order.
uint64_t source_row(const SourceTensor& tensor, uint64_t row, uint64_t rows) {
  if (tensor.adjacent_pair_heads == 0) return row;
  const uint64_t head_rows = rows / tensor.adjacent_pair_heads, in_head = row % head_rows;
  return row - in_head + in_head % (head_rows / 2) * 2 + in_head / (head_rows / 2);
}

}  // namespace

Weight Uploader::matrix(const std::string& name, uint64_t outputs, uint64_t inputs) {
  return matrix(std::span(&name, 1), std::span(&outputs, 1), inputs);
}

Weight Uploader::matrix(std::span<const std::string> names, std::span<const uint64_t> outputs,
                        uint64_t inputs, uint32_t piece_multiple) {
  Weight w = stack(take(source_, names, outputs, inputs), outputs, inputs, piece_multiple, names[0].c_str());
  parameters_ += uint64_t{w.outputs} * inputs;
  return w;
}

Weight Uploader::stack(std::span<const SourceTensor> parts, std::span<const uint64_t> outputs,
                       uint64_t inputs, uint32_t piece_multiple, const char* label) {
  Weight w = allocate(parts, outputs, inputs, piece_multiple, label);
  uint64_t first = 0;  // stacked output row at which the part begins
  for (size_t i = 0; i < parts.size(); first += outputs[i++]) {
    const uint64_t row_bytes = tensor::device_row_bytes(parts[i].dtype, inputs);
    for (const Weight::Piece& piece : w.pieces) {
      const uint64_t begin = std::max<uint64_t>(first, piece.first_output);
      const uint64_t end =
          std::min<uint64_t>(first + outputs[i], uint64_t{piece.first_output} + piece.outputs);
      if (begin >= end) continue;
      queue({parts[i], inputs, begin - first, end - first,
             piece.slice.sub((begin - piece.first_output) * row_bytes, (end - begin) * row_bytes)});
    }
  }
  return w;
}

// Neighbours of one type share pieces.
Weight Uploader::allocate(std::span<const SourceTensor> parts, std::span<const uint64_t> outputs,
                          uint64_t inputs, uint32_t piece_multiple, const char* label) {
  Weight w{.inputs = static_cast<uint32_t>(inputs)};
  for (size_t i = 0; i < parts.size();) {
    const DType dtype = parts[i].dtype;
    uint64_t rows = 0;
    while (i < parts.size() && parts[i].dtype == dtype) rows += outputs[i++];
    const uint64_t row_bytes = tensor::device_row_bytes(dtype, inputs);
    const uint64_t range = backend_.traits().max_storage_range;
    for (const auto& [first, count] :
         tensor::split_rows(static_cast<uint32_t>(rows), row_bytes, range, piece_multiple)) {
      const uint64_t bytes = count * row_bytes;
      w.pieces.push_back({dtype,
                          w.outputs + first,
                          count,
                          {backend_.allocate(bytes, graph::Memory::device, label), 0, bytes}});
    }
    w.outputs += static_cast<uint32_t>(rows);
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
  const DTypeInfo& type = info(tensor.dtype);
  require(type.dequantise != nullptr && size % type.block_elements == 0, Status::unsupported,
          "The tensor '{}' has {} {}, which are no floats.", name, size, type.name);
  assert(tensor.adjacent_pair_heads == 0);
  HostTensor result = {tensor.dtype, std::vector<float>(size)};
  type.dequantise(tensor.data.data(), result.values);
  parameters_ += size;
  return result;
}

Weight Uploader::computed_matrix(const HostTensor& tensor, uint64_t outputs, uint64_t inputs,
                                 const char* label) {
  assert(tensor.values.size() == outputs * inputs);
  const auto bytes = std::make_shared<std::vector<std::byte>>(bytes_of(tensor.dtype, tensor.values.size()));
  info(tensor.dtype).quantise(tensor.values, bytes->data());
  const SourceTensor packed = {tensor.dtype, *bytes, bytes};
  return stack(std::span(&packed, 1), std::span(&outputs, 1), inputs, tensor::vocabulary_tile, label);
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
  constexpr uint64_t bytes_per_step = 8u << 20;
  if (copies_.empty()) return false;
  Copy& copy = copies_.front();
  const uint64_t row_bytes = copy.to.size / (copy.end - copy.first);
  const uint64_t rows = std::clamp<uint64_t>(bytes_per_step / row_bytes, 1, copy.end - copy.first);
  send(copy, rows);
  done_ += rows * row_bytes;
  copy.first += rows;
  copy.to = copy.to.sub(rows * row_bytes, copy.to.size - rows * row_bytes);
  if (copy.first == copy.end) copies_.pop_front();
  return !copies_.empty();
}

// Straight from the file where its rows are those of the device.
void Uploader::send(const Copy& copy, uint64_t rows) {
  const uint64_t file_row = bytes_of(copy.from.dtype, copy.inputs);
  const uint64_t device_row = copy.to.size / (copy.end - copy.first);
  const graph::Slice to = copy.to.sub(0, rows * device_row);
  if (info(copy.from.dtype).block_elements == 1 && device_row == file_row &&
      copy.from.adjacent_pair_heads == 0)
    return backend_.write(to, copy.from.data.subspan(copy.first * file_row, rows * file_row));
  staging_.assign(rows * device_row, std::byte{0});
  const uint64_t all_rows = copy.from.data.size() / file_row;
  for (uint64_t i = 0; i < rows; ++i)
    tensor::lay_out_row(copy.from.dtype, copy.inputs,
                        &copy.from.data[source_row(copy.from, copy.first + i, all_rows) * file_row],
                        &staging_[i * device_row]);
  backend_.write(to, staging_);
}

void Uploader::queue(Copy copy) {
  total_ += copy.to.size;
  copies_.push_back(std::move(copy));
}

graph::Slice Uploader::computed_vector(std::vector<float> values, const char* label) {
  const auto owned = std::make_shared<const std::vector<float>>(std::move(values));
  graph::Slice slice = tensor::allocate_array<float>(backend_, owned->size(), graph::Memory::device, label);
  queue({{DType::f32, std::as_bytes(std::span(*owned)), owned}, owned->size(), 0, 1, slice});
  return slice;
}

}  // namespace unmask::model
