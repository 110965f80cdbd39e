// The verbs of a decode step on the device: forward, score, select and commit, as one recorded program per
// shape. The host writes the plan's small arrays, replays, and reads back what was committed.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cache/policy.h"
#include "decode/session.h"
#include "graph/backend.h"

namespace unmask::decode {

// What a strategy asks of one step for one session.
struct Request {
  uint32_t session;       // index given at construction
  uint32_t begin, end;    // the masked positions in here are the candidates
  uint32_t commit_count;  // how many of them to commit
};

// The most a step may read back per sequence, in bytes, header included; bounds the commits of a step.
constexpr uint32_t read_back_limit = 4096;
constexpr uint32_t most_commits_per_step =
    (read_back_limit - sizeof(tensor::CommitHeader)) / sizeof(tensor::Commit);

// The most masks of one sequence that a step may choose among: they pass through shared memory.
constexpr uint32_t most_candidates_per_sequence = 4096;

// What the dispatches of one label did, summed over steps.
struct LabelWork {
  uint32_t dispatches = 0;  // in the last step
  graph::Work work;
};

// Serves a fixed set of sessions of one model. Memory is constant after construction. Not thread-safe.
class Denoiser {
 public:
  // The sessions' prompts must be set and stay as long as they are until the denoiser goes.
  Denoiser(graph::Backend& backend, std::span<Session* const> sessions);

  // One forward pass for all requests together; commits go to the sessions' canvases. A session's tokens do
  // not depend on which others are in the call.
  void step(std::span<const Request> requests);

  // Collects the work done per label, padding included, and the device's time stamps. Switching it starts
  // anew.
  void set_profiling(bool on);
  const std::map<std::string, LabelWork>& work() const { return work_; }

 private:
  struct Place {  // of a session on the device
    uint32_t base_slot;
    uint32_t mirror_slot;  // base of the copy whose prompt is masked, for guidance; `none` without
  };
  struct CachedProgram {
    model::PlanShape shape;
    std::unique_ptr<graph::Program> program;
  };

  void place_sessions();
  void allocate();
  void upload_canvases();
  model::ForwardPlan plan(std::span<const Request> requests);
  void add_candidates(const Request& request, std::span<const uint32_t> row_of_slot,
                      model::ForwardPlan& plan) const;
  tensor::SequenceStep sequence_step(const Request& request) const;
  graph::Program& program(const model::PlanShape& shape);
  graph::Recording record(const model::PlanShape& shape) const;
  tensor::Matrix record_hidden_states(tensor::Ops& ops, const model::PlanShape& shape) const;
  void record_filtered_sampling(tensor::Ops& ops, const tensor::Matrix& hidden) const;
  void apply_commits(std::span<const Request> requests);
  void count_executed(const graph::Recording& recording);
  void count(std::span<const Request> requests, const model::ForwardPlan& plan,
             const graph::Recording& recording);

  graph::Backend& backend_;
  std::vector<Session*> sessions_;
  const model::Model& model_;
  std::unique_ptr<cache::Policy> policy_;
  std::vector<Place> places_;
  uint32_t slots_ = 0, most_rows_ = 0, most_candidates_ = 0;

  model::PlanBuffers plan_buffers_;
  model::Workspace workspace_;
  model::KvView kv_;
  graph::Slice tokens_, confidence_, partials_, stats_, results_;
  tensor::Matrix gathered_, hidden_, unconditional_, logits_;
  std::list<CachedProgram> programs_;  // most recently used first
  std::map<std::string, LabelWork> work_;
  bool profiling_ = false;
};

}  // namespace unmask::decode
