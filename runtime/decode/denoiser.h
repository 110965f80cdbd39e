// The verbs of a decode step on the device: forward, score, select and commit, as one recorded program per
// shape. The host writes the plan's small arrays, replays, and reads back what was committed.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/feature_store.h"
#include "cache/key_eviction.h"
#include "decode/planner.h"
#include "decode/request.h"
#include "graph/backend.h"

namespace unmask::decode {

// What the dispatches of one label did, summed over steps.
struct LabelWork {
  uint32_t dispatches = 0;  // in the last step
  graph::Work work;
};

// Serves a fixed set of sessions of one model. Memory is constant after construction. Not thread-safe.
class Denoiser {
 public:
  // The sessions' prompts must be set and stay as long as they are until the denoiser goes.
  Denoiser(graph::Backend& backend, std::span<Session* const> sessions, const Capacity& capacity);

  // One forward pass for all requests and trials together; the trials of one session are consecutive. Commits
  // go to the sessions' canvases. A session's tokens do not depend on which others are in the call.
  Answers step(std::span<const Request> requests, std::span<const Trial> trials = {});

  // Puts on the device, before the next pass, what a session's canvas has at a position now.
  void refresh(uint32_t session, uint32_t position) { planner_.refresh(session, position); }

  // The logits that requests have kept, [capacity.kept_logits * sessions, vocabulary]; empty where there are
  // none.
  const tensor::Matrix& kept_logits() const { return kept_logits_; }

  // Judgements compare with the logits that another denoiser has kept, not with those of this one. It must
  // outlive this one.
  void compare_with(const tensor::Matrix& kept_logits) { draft_logits_ = kept_logits; }

  // By the kernels of all steps, padding included.
  uint64_t bytes_moved() const { return bytes_moved_; }

  // Collects the work done per label, padding included, and the device's time stamps. Switching it starts
  // anew.
  void set_profiling(bool on);
  const std::map<std::string, LabelWork>& work() const { return work_; }

 private:
  struct CachedProgram {
    model::PlanShape shape;
    std::unique_ptr<graph::Program> program;
    uint64_t bytes;  // moved by its kernels
  };

  void allocate(const Capacity& capacity);
  void allocate_differences();
  CachedProgram& program(const model::PlanShape& shape);
  graph::Recording record(const model::PlanShape& shape) const;
  tensor::Matrix record_residuals(tensor::Ops& ops, const model::PlanShape& shape) const;
  void record_candidates(tensor::Ops& ops, const model::PlanShape& shape, const tensor::Matrix& x) const;
  tensor::Matrix record_hidden_states(tensor::Ops& ops, const model::PlanShape& shape,
                                      const tensor::Matrix& x) const;
  void record_norm(tensor::Ops& ops, const tensor::Matrix& x, const graph::Slice& rows,
                   const tensor::Matrix& y, graph::Extent extent) const;
  void record_differences(tensor::Ops& ops, const tensor::Matrix& x, uint32_t rows) const;
  void record_judgements(tensor::Ops& ops, const tensor::Matrix& x, uint32_t judged_rows) const;
  void write_logits(tensor::Ops& ops, const tensor::Matrix& hidden, graph::Extent extent,
                    const std::function<void(const tensor::Matrix& logits, uint32_t first)>& use) const;
  std::vector<Fill> apply_commits(const Request& request, size_t sequence);
  Outcome outcome(const Trial& trial, size_t index, size_t sequence);
  std::vector<std::vector<tensor::Verdict>> verdicts(std::span<const Request> requests);
  std::vector<tensor::TokenStats> statistics(const Request& request, uint32_t first_candidate);
  void count_read_back();
  void count_executed(const graph::Recording& recording);
  void count(std::span<const Request> requests, std::span<const Trial> trials, const model::ForwardPlan& plan,
             const graph::Recording& recording);

  graph::Backend& backend_;
  std::vector<Session*> sessions_;
  const model::Model& model_;
  Planner planner_;

  model::PlanBuffers plan_buffers_;
  model::Workspace workspace_;
  model::KvView kv_;
  std::optional<cache::FeatureStore> features_;
  std::optional<cache::EvictionStore> evictions_;
  graph::Slice tokens_, confidence_, partials_, stats_, results_, verdicts_;
  tensor::Matrix gathered_, hidden_, unconditional_, logits_, kept_logits_, draft_logits_;
  std::optional<tensor::Matrix> differences_;  // [slots, hidden], of guidance; only where some are reused
  std::list<CachedProgram> programs_;          // most recently used first
  std::vector<uint64_t> read_back_;            // in this step, bytes per session
  std::map<std::string, LabelWork> work_;
  bool profiling_ = false;
  uint64_t bytes_moved_ = 0;
};

}  // namespace unmask::decode
