#include "model/forward_plan.h"

#include <algorithm>
#include <span>

namespace unmask::model {

using tensor::Candidate;
using tensor::KeyRanges;
using tensor::Row;
using tensor::Selection;
using tensor::SequenceStep;

uint32_t ForwardPlan::selected_count() const {
  uint32_t count = 0;
  for (const tensor::Selection& s : selections) count += s.kept;
  return count;
}

PlanShape ForwardPlan::shape() const {
  PlanShape s{padded(static_cast<uint32_t>(rows.size())), padded(static_cast<uint32_t>(candidates.size())),
              static_cast<uint32_t>(sequences.size())};
  for (const SequenceStep& q : sequences) {
    if (q.candidate_count + q.edit_count == 0) continue;
    s.guided |= q.guidance != 0;
    s.noisy |= q.temperature > 0;
    s.filtered |= q.ranked_as_sampled != 0 || (q.temperature > 0 && (q.top_k > 0 || q.top_p < 1));
  }
  s.keeps_features = keeps_features;
  s.selections = static_cast<uint32_t>(selections.size());
  s.selects = keeps_features && computed.size() < rows.size();
  if (s.selects)
    s.computed_rows = padded(std::max(static_cast<uint32_t>(computed.size()) + selected_count(), 1u));
  s.evictions = static_cast<uint32_t>(evictions.size());
  s.kept_keys = padded(static_cast<uint32_t>(kept_to.size()));
  return s;
}

PlanBuffers PlanBuffers::allocate(graph::Backend& backend, uint32_t rows, uint32_t candidates,
                                  uint32_t sequences) {
  using graph::Memory;
  using tensor::allocate_array;
  rows = padded(rows), candidates = padded(candidates);
  return {
      .rows = allocate_array<Row>(backend, rows, Memory::shared, "rows"),
      .ranges = allocate_array<KeyRanges>(backend, rows, Memory::shared, "key ranges"),
      .candidates = allocate_array<Candidate>(backend, candidates, Memory::shared, "candidates"),
      .sequences = allocate_array<SequenceStep>(backend, sequences, Memory::shared, "sequences"),
      .logit_rows = allocate_array<uint32_t>(backend, candidates, Memory::shared, "logit rows"),
      .unconditional_rows =
          allocate_array<uint32_t>(backend, candidates, Memory::shared, "unconditional rows"),
      .computed = allocate_array<uint32_t>(backend, rows, Memory::shared, "computed rows"),
      .place = allocate_array<uint32_t>(backend, rows, Memory::shared, "places of rows"),
      .selections = allocate_array<Selection>(backend, size_t{2} * sequences, Memory::shared, "selections"),
      .evictions = allocate_array<Selection>(backend, size_t{2} * sequences, Memory::shared, "evictions"),
      .kept_to = allocate_array<uint32_t>(backend, rows, Memory::shared, "slots of kept keys")};
}

namespace {

template <typename T>
void write_all(graph::Backend& backend, const graph::Slice& to, const std::vector<T>& values) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  if (!bytes.empty()) backend.write(to.sub(0, bytes.size()), bytes);
}

template <typename T>
void write_padded(graph::Backend& backend, const graph::Slice& to, std::vector<T> values, const T& padding) {
  values.resize(padded(static_cast<uint32_t>(values.size())), padding);
  write_all(backend, to, values);
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
  write_all(backend, sequences, plan.sequences);
  write_all(backend, evictions, plan.evictions);
  write_padded(backend, kept_to, plan.kept_to, tensor::none);
  if (!plan.shape().selects) return;
  std::vector<uint32_t> list(plan.selected_count(), tensor::none), places(plan.rows.size(), tensor::none);
  for (const uint32_t row : plan.computed) {
    places[row] = static_cast<uint32_t>(list.size());
    list.push_back(row);
  }
  list.resize(std::max<size_t>(list.size(), 1), tensor::none);
  write_padded(backend, computed, std::move(list), tensor::none);
  write_padded(backend, place, std::move(places), tensor::none);
  write_all(backend, selections, plan.selections);
}

}  // namespace unmask::model
