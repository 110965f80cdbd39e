#include "model/network.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::model {

using tensor::Matrix;

Workspace Workspace::allocate(graph::Backend& backend, const ModelConfig& c, uint32_t rows, bool selects) {
  rows = padded(rows);
  // The widest activation is [rows, 2 ffn]; a chunk of it must fit one binding, and its offset stay aligned.
  constexpr uint32_t chunk_multiple = 64;
  const uint64_t fitting = backend.traits().max_storage_range / (uint64_t{2} * c.ffn * sizeof(float));
  require(fitting >= chunk_multiple, Status::unsupported,
          "The feed-forward width {} is too large for this device: {} rows of it exceed its largest storage "
          "buffer "
          "range of {} bytes.",
          c.ffn, chunk_multiple, backend.traits().max_storage_range);
  const uint32_t chunk =
      static_cast<uint32_t>(std::min<uint64_t>(rows, fitting / chunk_multiple * chunk_multiple));
  const uint32_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const uint32_t selected = selects ? rows : 0;
  return {.x = Matrix::allocate(backend, rows, c.hidden, "residual stream"),
          .normed = Matrix::allocate(backend, rows, c.hidden, "normed"),
          .qkv = Matrix::allocate(backend, rows, q + 2 * kv, "qkv"),
          .q = Matrix::allocate(backend, rows, q, "queries"),
          .mixed = Matrix::allocate(backend, rows, q, "attention"),
          .gate_up = Matrix::allocate(backend, chunk, 2 * c.ffn, "gate and up"),
          .activated = Matrix::allocate(backend, chunk, c.ffn, "activated"),
          .values = Matrix::allocate(backend, selected, kv, "values of a layer"),
          .selected = Matrix::allocate(backend, selected, c.hidden, "selected rows")};
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
