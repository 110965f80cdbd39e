#include "model/network.h"

#include <algorithm>

#include "base/error.h"

namespace unmask::model {

using tensor::Matrix;

namespace {

// As many rows of `width` floats as fit one binding, at most `rows`; the offset of each chunk stays aligned.
uint32_t chunk_rows(graph::Backend& backend, uint32_t rows, uint64_t width) {
  constexpr uint32_t chunk_multiple = 64;
  const uint64_t fitting = backend.traits().max_storage_range / (width * sizeof(float));
  require(
      fitting >= chunk_multiple, Status::unsupported,
      "A feed-forward layer with {} values per row is too large for this device: {} rows of it exceed its "
      "largest storage buffer range of {} bytes.",
      width, chunk_multiple, backend.traits().max_storage_range);
  return static_cast<uint32_t>(std::min<uint64_t>(rows, fitting / chunk_multiple * chunk_multiple));
}

}  // namespace

ExpertWorkspace ExpertWorkspace::allocate(graph::Backend& backend, const ModelConfig& c, uint32_t rows) {
  if (c.experts == 0) return {};
  const uint64_t widest = uint64_t{c.experts_chosen} * std::max(c.hidden, 2 * c.expert_ffn);
  // Each place may be a tile of its own, hence a workgroup.
  const uint32_t most = backend.traits().max_groups / c.experts_chosen / row_padding * row_padding;
  const uint32_t chunk = chunk_rows(backend, std::min(rows, most), widest);
  const uint32_t places = chunk * c.experts_chosen;
  return {.rows = chunk,
          .logits = Matrix::allocate(backend, chunk, c.experts, "router logits"),
          .choices = tensor::ExpertChoices::allocate(backend, chunk, c.experts_chosen),
          .x = Matrix::allocate(backend, places, c.hidden, "rows of experts"),
          .gate_up = Matrix::allocate(backend, places, 2 * c.expert_ffn, "experts' gate and up"),
          .activated = Matrix::allocate(backend, places, c.expert_ffn, "experts activated")};
}

Workspace Workspace::allocate(graph::Backend& backend, const ModelConfig& c, uint32_t rows, bool selects) {
  rows = padded(rows);
  const uint32_t ffn = std::max(c.ffn, c.shared_experts * c.expert_ffn);
  const uint32_t chunk = chunk_rows(backend, rows, uint64_t{2} * ffn);
  const uint32_t q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  const uint32_t selected = selects ? rows : 0;
  return {.x = Matrix::allocate(backend, rows, c.hidden, "residual stream"),
          .normed = Matrix::allocate(backend, rows, c.hidden, "normed"),
          .qkv = Matrix::allocate(backend, rows, q + 2 * kv, "qkv"),
          .q = Matrix::allocate(backend, rows, q, "queries"),
          .mixed = Matrix::allocate(backend, rows, q, "attention"),
          .gate_up = Matrix::allocate(backend, chunk, 2 * ffn, "gate and up"),
          .activated = Matrix::allocate(backend, chunk, ffn, "activated"),
          .values = Matrix::allocate(backend, selected, kv, "values of a layer"),
          .selected = Matrix::allocate(backend, selected, c.hidden, "selected rows"),
          .experts = ExpertWorkspace::allocate(backend, c, chunk)};
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
