#include "model/forward_plan.h"

#include <algorithm>
#include <span>

namespace unmask::model {

using tensor::Candidate;
using tensor::Judged;
using tensor::KeyRanges;
using tensor::Row;
using tensor::Selection;
using tensor::SequenceStep;
using tensor::TokenWrite;

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
  s.writes = padded(static_cast<uint32_t>(writes.size()));
  s.judged_rows = padded(static_cast<uint32_t>(judged.size()));
  s.keeps_logits = !kept_logits.empty();
  s.guided_rows = padded(static_cast<uint32_t>(guided.size()));
  return s;
}

PlanBuffers PlanBuffers::allocate(graph::Backend& backend, Counts most) {
  const uint32_t rows = padded(most.rows), candidates = padded(most.candidates);
  const uint32_t writes = padded(most.writes), judged = padded(std::max(most.judged, 1u));
  const auto array = [&]<typename T>(T, uint32_t count, const char* label) {
    return tensor::allocate_array<T>(backend, count, graph::Memory::shared, label);
  };
  return {.rows = array(Row{}, rows, "rows"),
          .ranges = array(KeyRanges{}, rows, "key ranges"),
          .candidates = array(Candidate{}, candidates, "candidates"),
          .sequences = array(SequenceStep{}, most.sequences, "sequences"),
          .logit_rows = array(0u, candidates, "logit rows"),
          .unconditional_rows = array(0u, candidates, "unconditional rows"),
          .computed = array(0u, rows, "computed rows"),
          .place = array(0u, rows, "places of rows"),
          .selections = array(Selection{}, 2 * most.sequences, "selections"),
          .evictions = array(Selection{}, 2 * most.sequences, "evictions"),
          .kept_to = array(0u, rows, "slots of kept keys"),
          .writes = array(TokenWrite{}, writes, "tokens written"),
          .judged = array(Judged{}, judged, "judged tokens"),
          .judged_rows = array(0u, judged, "rows that judge"),
          .kept_logits = array(0u, candidates, "places of kept logits"),
          .guided_rows = array(0u, rows, "guided rows"),
          .guided_twins = array(0u, rows, "their unconditional twins"),
          .guided_slots = array(0u, rows, "slots of differences")};
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

template <typename T>
void write_field(graph::Backend& backend, const graph::Slice& to, const std::vector<T>& values,
                 uint32_t T::*field) {
  std::vector<uint32_t> fields;
  for (const T& value : values) fields.push_back(value.*field);
  write_padded(backend, to, std::move(fields), tensor::none);
}

}  // namespace

void PlanBuffers::write(graph::Backend& backend, const ForwardPlan& plan) const {
  write_padded(backend, rows, plan.rows, Row{0, 0, tensor::none, 0});
  write_padded(backend, ranges, plan.ranges, KeyRanges{});
  write_padded(backend, candidates, plan.candidates,
               Candidate{0, tensor::none, 0, 0, tensor::none, tensor::none, 0, 0});
  write_field(backend, logit_rows, plan.candidates, &Candidate::row);
  write_field(backend, unconditional_rows, plan.candidates, &Candidate::unconditional_row);
  write_all(backend, sequences, plan.sequences);
  write_all(backend, evictions, plan.evictions);
  write_padded(backend, kept_to, plan.kept_to, tensor::none);
  write_padded(backend, writes, plan.writes, TokenWrite{tensor::none, 0});
  write_padded(backend, judged, plan.judged,
               Judged{.row = tensor::none, .draft_row = tensor::none, .temperature = 1});
  write_field(backend, judged_rows, plan.judged, &Judged::row);
  write_padded(backend, kept_logits, plan.kept_logits, tensor::none);
  write_field(backend, guided_rows, plan.guided, &GuidedRow::row);
  write_field(backend, guided_twins, plan.guided, &GuidedRow::unconditional_row);
  write_field(backend, guided_slots, plan.guided, &GuidedRow::slot);
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
