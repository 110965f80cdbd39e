#include "decode/logits.h"

#include <algorithm>

#include "base/error.h"
#include "cache/policy.h"
#include "cache/store.h"

namespace unmask::decode {

using tensor::Matrix;

namespace {

void check(const model::ModelConfig& c, std::span<const int32_t> tokens) {
  require(!tokens.empty() && tokens.size() <= c.positions, Status::invalid_argument,
          "Logits are computed for 1 to {} tokens, but {} were given.", c.positions, tokens.size());
  for (int32_t t : tokens) {
    require(t >= 0 && static_cast<uint32_t>(t) < c.vocabulary, Status::invalid_argument,
            "Token {} is outside the model's vocabulary of {}.", t, c.vocabulary);
  }
}

// Rows of logits that fit one binding of at most 64 MiB.
uint32_t chunk_rows(uint32_t rows, uint32_t vocabulary, uint64_t max_range) {
  const uint64_t fitting = std::min<uint64_t>(max_range, 64u << 20) / (uint64_t{vocabulary} * sizeof(float));
  return std::max(model::row_padding, static_cast<uint32_t>(std::min<uint64_t>(fitting, rows)) /
                                          model::row_padding * model::row_padding);
}

}  // namespace

std::vector<float> logits(graph::Backend& backend, const model::Model& m, std::span<const int32_t> tokens) {
  const model::ModelConfig& c = m.config;
  check(c, tokens);
  const auto count = static_cast<uint32_t>(tokens.size());
  const uint32_t rows = model::padded(count);

  model::ForwardPlan plan;
  cache::append_rows({.length = count, .block_length = c.block_length}, 0, count, plan);
  const model::PlanBuffers buffers = model::PlanBuffers::allocate(backend, rows, 0, 1);
  buffers.write(backend, plan);
  const model::Workspace workspace = model::Workspace::allocate(backend, c, rows, false);
  const model::KvView kv = cache::allocate_store(backend, c, rows, false);
  const graph::Slice canvas =
      tensor::allocate_array<uint32_t>(backend, count, graph::Memory::device, "canvas");
  backend.write(canvas, std::as_bytes(tokens));
  const uint32_t chunk = std::min(rows, chunk_rows(rows, c.vocabulary, backend.traits().max_storage_range));
  const Matrix out = Matrix::allocate(backend, chunk, c.vocabulary, "logits");

  graph::Recording forward;
  tensor::Ops ops(backend.traits(), forward);
  const Matrix x = m.network->record({ops, buffers, kv, workspace, canvas, rows});
  const Matrix hidden = workspace.normed.first(rows);
  ops.norm(x, m.network->final_norm(), m.network->final_norm_bias(), static_cast<float>(c.norm_eps), hidden);
  backend.run(*backend.prepare(std::move(forward)));

  std::vector<float> result(uint64_t{count} * c.vocabulary);
  for (uint32_t first = 0; first < count; first += chunk) {
    const uint32_t n = std::min(chunk, rows - first);
    graph::Recording head;
    tensor::Ops head_ops(backend.traits(), head);
    head_ops.matmul(hidden.range(first, n), m.network->head(), out.first(n), false, "logits");
    backend.run(*backend.prepare(std::move(head)));
    const std::span<float> target = std::span(result).subspan(
        uint64_t{first} * c.vocabulary, uint64_t{std::min(n, count - first)} * c.vocabulary);
    backend.read(out.slice.sub(0, target.size_bytes()), std::as_writable_bytes(target));
  }
  return result;
}

}  // namespace unmask::decode
