// A forward pass as data: which rows enter, what each may attend to, where its keys and values go, and which
// rows need logits. Cache policies write plans, architectures record them, and neither knows the other.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/layouts.h"
#include "tensor/tensor.h"

namespace unmask::model {

// What a recording depends on. Counts are padded; a plan with other contents and the same shape is a replay.
struct PlanShape {
  uint32_t rows = 0;
  uint32_t logit_rows = 0;
  uint32_t sequences = 0;
  bool guided = false;    // candidates have an unconditional twin
  bool noisy = false;     // some sequence samples with temperature
  bool filtered = false;  // some sequence samples with top-k or top-p, or ranks as it samples
  bool keeps_features = false;
  bool selects = false;        // layers above the first compute only some rows:
  uint32_t computed_rows = 0;  // this many; at least one row of padding
  uint32_t selections = 0;
  uint32_t evictions = 0, kept_keys = 0;
  uint32_t writes = 0;  // tokens that the host puts into the canvas
  uint32_t judged_rows = 0;
  bool keeps_logits = false;  // of some candidates
  uint32_t guided_rows = 0;

  auto operator<=>(const PlanShape&) const = default;
};

// A row, its twin in the unconditional pass of guidance, and where the difference that they make in the
// prediction is kept.
struct GuidedRow {
  uint32_t row, unconditional_row, slot;
};

// One step's plan for a batch of sequences. Row and candidate counts here are exact; shape() pads them.
struct ForwardPlan {
  std::vector<tensor::Row> rows;
  std::vector<tensor::KeyRanges> ranges;  // one per row
  std::vector<tensor::Candidate> candidates;
  std::vector<tensor::SequenceStep> sequences;

  // What layers above the first add to a row may be kept for later passes (dLLM-Cache). Then these layers
  // compute the rows in `computed` and those that they select themselves; the others get what was kept.
  bool keeps_features = false;
  std::vector<uint32_t> computed;  // ascending
  std::vector<tensor::Selection> selections;

  // Choices of the keys that stay in each layer, and the slots that those move to, one after the other.
  std::vector<tensor::Selection> evictions;
  std::vector<uint32_t> kept_to;

  std::vector<tensor::TokenWrite> writes;  // into the canvas, before anything else
  std::vector<tensor::Judged> judged;      // tokens whose probability is asked for
  std::vector<uint32_t> kept_logits;  // where each candidate's logits are kept, or `none`; empty: nowhere
  std::vector<GuidedRow> guided;

  uint32_t selected_count() const;  // rows that all selections keep; they come before `computed` in the list
  PlanShape shape() const;
};

// Row counts are padded to multiples of this, so that a handful of recordings serve a whole run.
constexpr uint32_t row_padding = 16;
constexpr uint32_t padded(uint32_t count) { return (count + row_padding - 1) / row_padding * row_padding; }

// Slots of different sequences begin at multiples of this, a key tile of the attention kernel: a tile that
// two sequences share would be computed for both.
constexpr uint32_t slot_alignment = 32;

// The plan in device memory, filled before each run. Capacities are fixed when it is allocated.
struct PlanBuffers {
  graph::Slice rows, ranges, candidates, sequences;
  graph::Slice logit_rows, unconditional_rows;  // u32 per candidate, `none` for padding
  graph::Slice computed;    // u32 per row: first those to be selected, which is `none` until then
  graph::Slice place;       // u32 per row: where it stands in that list, or `none`
  graph::Slice selections;  // two per sequence
  graph::Slice evictions;   // two per sequence
  graph::Slice kept_to;     // u32 per key that stays, `none` for padding
  graph::Slice writes;
  graph::Slice judged;
  graph::Slice judged_rows;                              // u32 each, their rows; `none` for padding
  graph::Slice kept_logits;                              // u32 per candidate, `none` for padding
  graph::Slice guided_rows, guided_twins, guided_slots;  // u32 per guided row, `none` for padding

  struct Counts {
    uint32_t rows, candidates, sequences, writes, judged;
  };
  static PlanBuffers allocate(graph::Backend& backend, Counts most);
  void write(graph::Backend& backend, const ForwardPlan& plan) const;
};

// Keys (after RoPE) and values of each layer, [slots, kv_heads * head_dim] each. Layers may share storage
// when nothing is kept between passes.
struct KvView {
  std::vector<graph::Slice> keys, values;  // one per layer
  uint32_t slots = 0;
};

}  // namespace unmask::model
