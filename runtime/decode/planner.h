// Turns requests into a forward plan: where each canvas is on the device, which rows a pass has, and what is
// asked about them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cache/policy.h"
#include "decode/request.h"

namespace unmask::decode {

// The slots of a session on the device, and the cache policies of its canvases.
class Planner {
 public:
  // Throws invalid_argument where the sessions' policies do not go together.
  Planner(std::span<Session* const> sessions, const Capacity& capacity);

  uint32_t slots() const { return slots_; }
  uint32_t most_rows() const { return most_rows_; }
  cache::Kept kept() const { return kept_; }  // the most that some policy keeps
  bool guided() const;

  // Whether what guidance adds is kept, for steps without its second pass: for at most most_guided_rows().
  bool reuses_guidance() const { return reuses_guidance_; }
  uint32_t most_guided_rows() const { return most_guided_rows_; }

  // The tokens of all slots.
  std::vector<uint32_t> canvases() const;

  // The next plan puts the token of a session's position, as its canvas has it, on the device.
  void refresh(uint32_t session, uint32_t position);

  // Sequences are the requests, then the trials.
  model::ForwardPlan plan(std::span<const Request> requests, std::span<const Trial> trials);

  // Of the canvas, or for a trial of the last plan, of its state.
  uint32_t position_of(uint32_t session, uint32_t slot) const {
    return slot - places_[session].canvas.base_slot;
  }
  uint32_t position_of_trial(size_t trial, uint32_t slot) const { return slot - trial_bases_[trial]; }

 private:
  struct Canvas {
    uint32_t base_slot;
    std::unique_ptr<cache::Policy> policy;
  };
  struct Place {
    Canvas canvas;
    std::optional<Canvas> mirror;               // the copy whose prompt is masked, for guidance
    uint32_t guided_steps = 0, guided_end = 0;  // steps so far; where the kept differences end
    uint32_t scratch_slot = 0;                  // of the first scratch row
    uint32_t scratch_used = 0;                  // by the plan being made
  };

  Canvas place(const Session& session);
  cache::SequenceView view(const Request& request, const Canvas& canvas, std::span<const uint32_t> asked,
                           uint32_t sequence) const;
  void add_request(const Request& request, model::ForwardPlan& plan);
  void add_rows(const Request& request, Canvas& canvas, model::ForwardPlan& plan);
  void add_mirror_rows(const Request& request, Place& place, model::ForwardPlan& plan);
  bool guides_anew(const Request& request, const Place& place) const;
  void add_guided_rows(const Request& request, Place& place, model::ForwardPlan& plan) const;
  void add_candidates(const Request& request, std::span<const uint32_t> positions,
                      model::ForwardPlan& plan) const;
  void add_scratch_rows(uint32_t session, std::span<const ScratchRow> rows, model::ForwardPlan& plan);
  void add_judged(const Request& request, uint32_t first_row, model::ForwardPlan& plan) const;
  void add_trial(const Trial& trial, cache::Positions own, model::ForwardPlan& plan);
  void add_writes(model::ForwardPlan& plan);
  tensor::SequenceStep sequence_step(const Request& request) const;

  std::vector<Session*> sessions_;
  const model::Model& model_;
  Capacity capacity_;
  std::vector<Place> places_;
  uint32_t slots_ = 0, most_rows_ = 0, most_guided_rows_ = 0;
  bool reuses_guidance_ = false;
  cache::Kept kept_ = cache::Kept::nothing;
  std::map<uint32_t, uint32_t> writes_;  // token by slot, of the next plan
  std::vector<uint32_t> row_of_slot_;    // in the plan being made, or `none`
  std::vector<uint32_t> trial_bases_;    // the slot that position 0 of each trial would have
};

}  // namespace unmask::decode
