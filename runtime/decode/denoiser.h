// The verbs of a decode step on the device: forward, score, select and commit, as one recorded program per
// shape. The host writes the plan's small arrays, replays, and reads back what was committed.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cache/feature_store.h"
#include "cache/key_eviction.h"
#include "cache/policy.h"
#include "decode/schedule.h"
#include "decode/session.h"
#include "graph/backend.h"

namespace unmask::decode {

// How many of a step's candidates become tokens, the best first.
struct Commitment {
  uint32_t at_least = 0;  // no more than there are candidates
  tensor::Confidence ranked_by = tensor::Confidence::probability;
  tensor::CommitRule rule = tensor::CommitRule::count;
  float parameter = 0;             // of the rule
  float rank_temperature = 0;      // > 0: draw them from softmax(confidence / this), without replacement
  bool ranked_as_sampled = false;  // confidence under the tempered and filtered distribution (Dream)
};

// What a strategy asks of one step for one session.
struct Request {
  uint32_t session;                 // index given at construction
  Window window;                    // the block being written
  std::vector<uint32_t> positions;  // candidates: masked positions of the window, ascending
  Commitment commitment;
  std::vector<uint32_t> editable = {};  // positions of its tokens that may be replaced, ascending
  Window visible = {0, 0};  // what of the canvas the network sees, as positions from 0 on; empty: all of it
  std::optional<float> temperature = {};  // in the place of the session's
  uint32_t draw = 0;  // counts requests from one and the same state, whose noise must differ
};

// All masked positions of a window, and all that a strategy has filled.
std::vector<uint32_t> masked_positions(const Session& session, Window window);
std::vector<uint32_t> filled_positions(const Session& session, Window window);

// The most a step may read back per sequence, in bytes, header included; bounds the commits of a step.
constexpr uint32_t read_back_limit = 4096;
constexpr uint32_t most_commits_per_step =
    (read_back_limit - sizeof(tensor::CommitHeader)) / sizeof(tensor::Commit);

// The most masks of one sequence that a step may choose among: they pass through shared memory.
constexpr uint32_t most_candidates_per_sequence = 4096;

// What the steps of a decode need at most: device memory is taken for this, once.
struct Capacity {
  uint32_t candidates = 0;         // of a step, over all sessions
  bool ranked_as_sampled = false;  // some commitment is
  bool windows = false;  // steps see windows of a canvas, which may be longer than the model's positions
};

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

  // One forward pass for all requests together; commits go to the sessions' canvases. A session's tokens do
  // not depend on which others are in the call.
  void step(std::span<const Request> requests);

  // Collects the work done per label, padding included, and the device's time stamps. Switching it starts
  // anew.
  void set_profiling(bool on);
  const std::map<std::string, LabelWork>& work() const { return work_; }

 private:
  struct Canvas {  // of a session, on the device
    uint32_t base_slot;
    std::unique_ptr<cache::Policy> policy;
  };
  struct Place {
    Canvas canvas;
    std::optional<Canvas> mirror;  // the copy whose prompt is masked, for guidance
  };
  struct CachedProgram {
    model::PlanShape shape;
    std::unique_ptr<graph::Program> program;
  };

  void place_sessions();
  Canvas place(const Session& session);
  void allocate(const Capacity& capacity);
  void upload_canvases();
  model::ForwardPlan plan(std::span<const Request> requests);
  void add_rows(const Request& request, Canvas& canvas, std::span<uint32_t> row_of_slot,
                model::ForwardPlan& plan) const;
  void add_candidates(const Request& request, std::span<const uint32_t> positions,
                      std::span<const uint32_t> row_of_slot, model::ForwardPlan& plan) const;
  tensor::SequenceStep sequence_step(const Request& request) const;
  graph::Program& program(const model::PlanShape& shape);
  graph::Recording record(const model::PlanShape& shape) const;
  tensor::Matrix record_hidden_states(tensor::Ops& ops, const model::PlanShape& shape) const;
  void record_filtered_sampling(tensor::Ops& ops, const tensor::Matrix& hidden) const;
  void apply_commits(std::span<const Request> requests);
  void apply_commits(const Request& request, uint32_t commits, std::span<const std::byte> result);
  void count_executed(const graph::Recording& recording);
  void count(std::span<const Request> requests, const model::ForwardPlan& plan,
             const graph::Recording& recording);

  graph::Backend& backend_;
  std::vector<Session*> sessions_;
  const model::Model& model_;
  std::vector<Place> places_;
  uint32_t slots_ = 0, most_rows_ = 0;

  model::PlanBuffers plan_buffers_;
  model::Workspace workspace_;
  model::KvView kv_;
  std::optional<cache::FeatureStore> features_;
  std::optional<cache::EvictionStore> evictions_;
  graph::Slice tokens_, confidence_, partials_, stats_, results_;
  tensor::Matrix gathered_, hidden_, unconditional_, logits_;
  std::list<CachedProgram> programs_;  // most recently used first
  std::map<std::string, LabelWork> work_;
  bool profiling_ = false;
  cache::Kept kept_ = cache::Kept::nothing;  // the most that some policy keeps
};

}  // namespace unmask::decode
