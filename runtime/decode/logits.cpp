#include "decode/logits.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

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

// Calls visit(row, its logits [vocabulary]) for `asked` rows, which ascend, of one pass over `tokens`.
template <typename Visit>
void for_each_row(graph::Backend& backend, const model::Model& m, std::span<const int32_t> tokens,
                  uint32_t block_length, std::span<const uint32_t> asked, Visit visit) {
  const model::ModelConfig& c = m.config;
  check(c, tokens);
  const auto count = static_cast<uint32_t>(tokens.size());
  const uint32_t rows = model::padded(count);

  model::ForwardPlan plan;
  cache::append_rows({.length = count, .block_length = block_length}, 0, count, plan);
  const model::PlanBuffers buffers = model::PlanBuffers::allocate(
      backend, {.rows = rows, .candidates = 0, .sequences = 1, .writes = 0, .judged = 0});
  buffers.write(backend, plan);
  const model::Workspace workspace = model::Workspace::allocate(backend, c, rows, false);
  const model::KvView kv = cache::allocate_store(backend, c, rows, false);
  const graph::Slice canvas =
      tensor::allocate_array<uint32_t>(backend, count, graph::Memory::device, "canvas");
  backend.write(canvas, std::as_bytes(tokens));

  graph::Recording forward;
  tensor::Ops ops(backend.traits(), forward);
  const Matrix x = m.network->record({ops, buffers, kv, workspace, canvas, rows});
  const Matrix hidden = workspace.normed.first(rows);
  ops.norm(x, m.network->final_norm(), m.network->final_norm_bias(), static_cast<float>(c.norm_eps), hidden);
  backend.run(*backend.prepare(std::move(forward)));

  const uint32_t span = model::padded(asked.back() - asked.front() + model::row_padding);
  const uint32_t chunk =
      std::min({rows, span, chunk_rows(rows, c.vocabulary, backend.traits().max_storage_range)});
  const Matrix out = Matrix::allocate(backend, chunk, c.vocabulary, "logits");
  std::vector<float> values(uint64_t{chunk} * c.vocabulary);
  for (auto next = asked.begin(); next != asked.end();) {
    const uint32_t first = *next / model::row_padding * model::row_padding;
    const uint32_t n = std::min(chunk, rows - first);
    graph::Recording head;
    tensor::Ops head_ops(backend.traits(), head);
    head_ops.matmul(hidden.range(first, n), m.network->head(), out.first(n), false, "logits");
    backend.run(*backend.prepare(std::move(head)));
    const std::span<float> read = std::span(values).first(uint64_t{n} * c.vocabulary);
    backend.read(out.slice.sub(0, read.size_bytes()), std::as_writable_bytes(read));
    for (; next != asked.end() && *next < first + n; ++next)
      visit(*next, read.subspan(uint64_t{*next - first} * c.vocabulary, c.vocabulary));
  }
}

// The most probable tokens, best first; of equal ones the lower id first.
std::vector<Candidate> most_probable(std::span<const float> logits, uint32_t top) {
  const auto vocabulary = static_cast<uint32_t>(logits.size());
  std::vector<int32_t> order(vocabulary);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::partial_sort(order, order.begin() + top, [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  const double best = logits[order.front()];
  double sum = 0;
  for (const float z : logits) sum += std::exp(z - best);
  std::vector<Candidate> result;
  for (uint32_t i = 0; i < top; ++i)
    result.push_back({order[i], static_cast<float>(std::exp(logits[order[i]] - best) / sum)});
  return result;
}

}  // namespace

std::vector<float> logits(graph::Backend& backend, const model::Model& m, std::span<const int32_t> tokens) {
  const uint64_t vocabulary = m.config.vocabulary;
  std::vector<uint32_t> rows(std::max<size_t>(tokens.size(), 1));
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<float> result(tokens.size() * vocabulary);
  for_each_row(backend, m, tokens, m.config.block_length, rows,
               [&](uint32_t row, std::span<const float> from) {
                 std::ranges::copy(from, result.begin() + static_cast<ptrdiff_t>(row * vocabulary));
               });
  return result;
}

std::vector<Candidate> predict(graph::Backend& backend, const Session& session,
                               std::span<const uint32_t> positions, uint32_t top) {
  const model::Model& m = session.model();
  require(top >= 1 && top <= m.config.vocabulary, Status::invalid_argument,
          "The most probable 1 to {} tokens can be asked for, not {}.", m.config.vocabulary, top);
  std::map<uint32_t, std::vector<Candidate>> by_row;
  for (const uint32_t position : positions) {
    require(position < session.length(), Status::invalid_argument,
            "There is no position {}; the canvas has {}.", position, session.length());
    by_row[predicting_position(m.config, position)];
  }
  std::vector<uint32_t> rows;
  rows.reserve(by_row.size());
  for (const auto& [row, candidates] : by_row) rows.push_back(row);
  if (!rows.empty()) {
    for_each_row(backend, m, session.tokens(), session.attention_block(), rows,
                 [&](uint32_t row, std::span<const float> from) { by_row[row] = most_probable(from, top); });
  }
  std::vector<Candidate> result;
  for (const uint32_t position : positions) {
    const std::vector<Candidate>& best = by_row[predicting_position(m.config, position)];
    result.insert(result.end(), best.begin(), best.end());
  }
  return result;
}

}  // namespace unmask::decode
