#include "model/forward_plan.h"

#include <algorithm>
#include <span>

namespace unmask::model {

using tensor::Candidate;
using tensor::KeyRanges;
using tensor::Row;
using tensor::SequenceStep;

PlanShape ForwardPlan::shape() const {
  PlanShape s{padded(static_cast<uint32_t>(rows.size())), padded(static_cast<uint32_t>(candidates.size())),
              static_cast<uint32_t>(sequences.size())};
  for (const SequenceStep& q : sequences) {
    if (q.candidate_count == 0) continue;
    s.guided |= q.guidance != 0;
    s.noisy |= q.temperature > 0;
    s.filtered |= q.ranked_as_sampled != 0 || (q.temperature > 0 && (q.top_k > 0 || q.top_p < 1));
  }
  return s;
}

PlanBuffers PlanBuffers::allocate(graph::Backend& backend, uint32_t rows, uint32_t candidates,
                                  uint32_t sequences) {
  using graph::Memory;
  using tensor::allocate_array;
  rows = padded(rows), candidates = padded(candidates);
  return {.rows = allocate_array<Row>(backend, rows, Memory::shared, "rows"),
          .ranges = allocate_array<KeyRanges>(backend, rows, Memory::shared, "key ranges"),
          .candidates = allocate_array<Candidate>(backend, candidates, Memory::shared, "candidates"),
          .sequences = allocate_array<SequenceStep>(backend, sequences, Memory::shared, "sequences"),
          .logit_rows = allocate_array<uint32_t>(backend, candidates, Memory::shared, "logit rows"),
          .unconditional_rows =
              allocate_array<uint32_t>(backend, candidates, Memory::shared, "unconditional rows")};
}

namespace {

template <typename T>
void write_padded(graph::Backend& backend, const graph::Slice& to, std::vector<T> values, const T& padding) {
  values.resize(padded(static_cast<uint32_t>(values.size())), padding);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  backend.write(to.sub(0, bytes.size()), bytes);
}

}  // namespace

void PlanBuffers::write(graph::Backend& backend, const ForwardPlan& plan) const {
  write_padded(backend, rows, plan.rows, Row{0, 0, tensor::none, 0});
  write_padded(backend, ranges, plan.ranges, KeyRanges{});
  write_padded(backend, candidates, plan.candidates,
               Candidate{0, tensor::none, 0, 0, tensor::none, tensor::none, 0, 0});
  std::vector<uint32_t> conditional, unconditional;
  for (const Candidate& c : plan.candidates) {
    conditional.push_back(c.row);
    unconditional.push_back(c.unconditional_row);
  }
  write_padded(backend, logit_rows, conditional, tensor::none);
  write_padded(backend, unconditional_rows, unconditional, tensor::none);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(plan.sequences));
  backend.write(sequences.sub(0, bytes.size()), bytes);
}

}  // namespace unmask::model
