#include "model/network.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/half.h"

namespace unmask::model {

using tensor::Matrix;
using tensor::Weight;

Workspace Workspace::allocate(graph::Backend& backend, const ModelConfig& c, uint32_t rows) {
  rows = padded(rows);
  // The widest activation is [rows, 2 ffn]; a chunk of it must fit one binding, and its offset stay aligned.
  constexpr uint32_t chunk_multiple = 64;
  const uint64_t fitting = backend.traits().max_storage_range / (uint64_t{2} * c.ffn * sizeof(float));
  require(fitting >= chunk_multiple, Status::unsupported,
          "The feed-forward width {} is too large for this device: {} rows of it exceed its largest storage buffer "
          "range of {} bytes.",
          c.ffn, chunk_multiple, backend.traits().max_storage_range);
  const uint32_t chunk = static_cast<uint32_t>(std::min<uint64_t>(rows, fitting / chunk_multiple * chunk_multiple));
  const uint32_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  return {.x = Matrix::allocate(backend, rows, c.hidden, "residual stream"),
          .normed = Matrix::allocate(backend, rows, c.hidden, "normed"),
          .qkv = Matrix::allocate(backend, rows, q + 2 * kv, "qkv"),
          .q = Matrix::allocate(backend, rows, q, "queries"),
          .mixed = Matrix::allocate(backend, rows, q, "attention"),
          .gate_up = Matrix::allocate(backend, chunk, 2 * c.ffn, "gate and up"),
          .activated = Matrix::allocate(backend, chunk, c.ffn, "activated")};
}

void Uploader::upload(const graph::Slice& to, std::span<const std::byte> from) {
  constexpr size_t chunk = 8u << 20;  // small enough that progress moves
  for (size_t begin = 0; begin < from.size(); begin += chunk) {
    const size_t bytes = std::min(chunk, from.size() - begin);
    backend_.write(to.sub(begin, bytes), from.subspan(begin, bytes));
    uploaded_ += bytes;
    if (progress_) progress_(uploaded_);
  }
}

Weight Uploader::matrix(const std::string& name, uint64_t outputs, uint64_t inputs) {
  return matrix(std::span(&name, 1), std::span(&outputs, 1), inputs);
}

namespace {

std::vector<TensorView> views(const Weights& weights, std::span<const std::string> names,
                              std::span<const uint64_t> outputs, uint64_t inputs) {
  std::vector<TensorView> result;
  for (size_t i = 0; i < names.size(); ++i) {
    result.push_back(weights.at(names[i], std::array{outputs[i], inputs}));
    require(result[i].dtype == result[0].dtype, Status::unsupported,
            "Tensors '{}' and '{}' must have the same data type to be used together, but are {} and {}.", names[0],
            names[i], info(result[0].dtype).name, info(result[i].dtype).name);
  }
  return result;
}

}  // namespace

Weight Uploader::matrix(std::span<const std::string> names, std::span<const uint64_t> outputs, uint64_t inputs) {
  const std::vector<TensorView> parts = views(weights_, names, outputs, inputs);
  uint64_t total = 0;
  for (uint64_t o : outputs) total += o;
  Weight w = Weight::allocate(backend_, parts[0].dtype, static_cast<uint32_t>(total),
                              static_cast<uint32_t>(inputs), names[0].c_str());
  const uint64_t row_bytes = bytes_of(w.dtype, inputs);
  uint64_t first = 0;  // stacked output row at which the part begins
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const Weight::Piece& piece : w.pieces) {
      const uint64_t begin = std::max<uint64_t>(first, piece.first_output);
      const uint64_t end = std::min<uint64_t>(first + outputs[i], uint64_t{piece.first_output} + piece.outputs);
      if (begin >= end) continue;
      upload(piece.slice.sub((begin - piece.first_output) * row_bytes, (end - begin) * row_bytes),
             parts[i].data.subspan((begin - first) * row_bytes, (end - begin) * row_bytes));
    }
    first += outputs[i];
  }
  return w;
}

graph::Slice Uploader::vector(const std::string& name, uint64_t size) {
  const std::vector<float> values = to_floats(weights_.at(name, std::array{size}));
  const graph::Slice slice = tensor::allocate_array<float>(backend_, size, graph::Memory::device, name.c_str());
  upload(slice, std::as_bytes(std::span(values)));
  return slice;
}

graph::Slice Uploader::rope_table(uint64_t positions, uint64_t dim, double theta) {
  std::vector<float> table;
  table.reserve(positions * dim);
  for (uint64_t p = 0; p < positions; ++p) {
    for (uint64_t i = 0; i < dim / 2; ++i) {
      const double angle = static_cast<double>(p) * std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(dim));
      table.push_back(static_cast<float>(std::cos(angle)));
      table.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  const graph::Slice slice =
      tensor::allocate_array<float>(backend_, table.size(), graph::Memory::device, "rope table");
  upload(slice, std::as_bytes(std::span(table)));
  return slice;
}

#define X(name) std::unique_ptr<Network> load_##name(const ModelConfig&, Uploader&);
#include "model/arch/architectures.inc"
#undef X

std::span<const Architecture> architectures() {
  static constexpr Architecture table[] = {
#define X(name) {#name, load_##name},
#include "model/arch/architectures.inc"
#undef X
  };
  return table;
}

const Architecture& find_architecture(std::string_view name) {
  for (const Architecture& a : architectures()) {
    if (a.name == name) return a;
  }
  fail(Status::unsupported, "No architecture named '{}' is built in.", name);
}

}  // namespace unmask::model
