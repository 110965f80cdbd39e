// What strategies ask of a forward pass, and what it answers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decode/model_schedule.h"
#include "decode/session.h"
#include "tensor/layouts.h"

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

// A row beside those of the canvas: a token at a position, with keys of its own, which go with the pass. It
// sees the canvas's positions [0, before) and [after, after_end), and between them those of the request's
// scratch rows [first, last); of these, where `seen` is not zero, row first + i only if bit i is set.
struct ScratchRow {
  uint32_t position;
  int32_t token;
  uint32_t before = 0;
  uint32_t behind = 0;  // so many scratch rows of what came before in the plan are seen as well
  uint32_t first = 0, last = 0;
  uint64_t seen = 0;
  uint32_t after = 0, after_end = 0;
};

// A token that a row's distribution is asked about.
struct Judgement {
  uint32_t scratch_row;  // number of it among the request's; tensor::none: the row of the canvas, which may
                         // see the token
  uint32_t position;     // that the row predicts
  int32_t token;
  std::optional<uint32_t> draft_row =
      {};                 // of the kept logits that it was drafted from; none: it has no such
  float temperature = 1;  // of both distributions
  uint32_t draw = 0;      // counts judgements of one position from one and the same state
};

// What a strategy asks of one step for one session.
struct Request {
  uint32_t session;                      // index given at construction
  Window window;                         // the block being written
  std::vector<uint32_t> positions = {};  // candidates: masked positions of the window, ascending
  Commitment commitment = {};
  std::vector<uint32_t> editable = {};  // positions of its tokens that may be replaced, ascending
  Window visible = {0, 0};  // what of the canvas the network sees, as positions from 0 on; empty: all of it
  std::optional<float> temperature = {};  // in the place of the session's
  uint32_t reported = 0;      // so many of the best candidates, commits included, are ranked in the answers
  uint32_t draw = 0;          // counts requests from one and the same state, whose noise must differ
  bool refresh = false;       // the cache policy computes everything anew
  bool canvas_rows = true;    // otherwise no row of the canvas is computed but what scratch rows depend on
  bool keeps_logits = false;  // of the candidate at window.begin + i, as kept row i of the session
  bool statistics = false;    // the candidates' distributions, reduced, are in the answers
  bool drafts = false;        // what is committed is to be verified, and its events say so
  bool continues = false;     // the pass before computed everything anew: a block need not begin by doing so
  std::vector<ScratchRow> scratch = {};
  std::vector<Judgement> judged = {};
  Stage stage = {};  // for schedules of models
};

// A mask, and the token that takes its place.
struct Fill {
  uint32_t position;
  int32_t token;
  bool operator==(const Fill&) const = default;
};

// A state of a session that its canvas is not in: some masks of the window are filled. A step from it changes
// nothing; the pass says what the step would have committed. Cache policies that keep a trajectory cannot do
// this.
struct Trial {
  uint32_t session;
  Window window;
  std::vector<Fill> fills;
  std::vector<uint32_t> positions;  // candidates: masks that are left in the window, ascending
  Commitment commitment;
  uint32_t reported = 0;  // at least so many candidates are ranked in the outcome
  bool follows =
      false;  // in a block-causal model: the window comes after that of the trial before, which it sees
};

struct Outcome {
  std::vector<Fill>
      ranked;  // candidates with their tokens, best first: the commits, then what else is reported
  uint32_t commits = 0;
};

// What a pass answers beside its commits to the canvases.
struct Answers {
  uint32_t rows = 0;              // computed
  std::optional<double> seconds;  // of the device's work; none where it will take less another time
  std::vector<std::vector<Fill>>
      reports;                    // per request: the candidates that are ranked but stay masks, best first
  std::vector<Outcome> outcomes;  // one per trial
  std::vector<std::vector<tensor::Verdict>> verdicts;  // per request, one per judgement
  std::vector<std::vector<tensor::TokenStats>>
      statistics;  // per request that asks for them: one per candidate, in the order of its positions
};

// What the steps of a decode need at most: device memory is taken for this, once. From `trials` on it is per
// session.
struct Capacity {
  uint32_t candidates = 0;         // of a step, over all sessions
  bool ranked_as_sampled = false;  // some commitment is
  bool statistics = false;         // some request asks for them
  bool windows = false;  // steps see windows of a canvas, which may be longer than the model's positions
  uint32_t trials = 0;
  uint32_t scratch_rows = 0;  // those of trials included
  uint32_t judged = 0;
  uint32_t kept_logits = 0;  // rows
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

}  // namespace unmask::decode
