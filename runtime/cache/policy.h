// A cache policy decides, per step, which rows of a sequence are computed and which keys they see. It knows
// of the model only the forward plan.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/config.h"
#include "model/forward_plan.h"

namespace unmask::cache {

// A half-open range of positions.
struct Positions {
  uint32_t begin, end;
};

// A canvas as a policy sees it. Slots [base_slot, base_slot + length) are the sequence's.
struct SequenceView {
  uint32_t sequence = 0;                      // index in the step
  uint32_t base_slot = 0;                     // of position 0
  uint32_t length = 0;                        // positions
  uint32_t prompt_length = 0;                 // of them, from the first on
  uint32_t block_length = 0;                  // of block-causal attention; 0: every row sees every key
  bool shifted_logits = false;                // row i predicts token i + 1
  uint32_t window_begin = 0, window_end = 0;  // the block being written
  uint32_t first_open = 0;                    // the first position that may still change; `length`: none
  std::span<const int32_t> tokens = {};       // [length]
  int32_t mask_token = 0;
  std::span<const uint32_t> asked = {};  // positions whose rows must be computed, ascending; at least one
  bool refresh = false;                  // nothing kept from earlier steps is to be used
  bool continues = false;  // the step before was refreshed, and serves a block that begins as well

  bool masked(uint32_t position) const { return tokens[position] == mask_token; }
};

// When dKV-Cache holds a row to be settled in a model with shifted logits.
enum class ShiftType : uint8_t {
  un,        // the token that it predicts is known
  un_right,  // both that one and its own are
  right,     // its own token is known
};

// What the policies can be told, by the names of the published codes. The defaults are theirs.
struct PolicyOptions {
  uint32_t cache_steps = 0;  // dKV-Cache: steps between refreshes; 0: the policy's own default
  uint32_t window_size = 4;  // dKV-Cache-Greedy: masked neighbours recomputed with each filled position
  ShiftType shift_type = ShiftType::un;

  // dLLM-Cache: steps between refreshes of the prompt, of the answer, and of what guidance adds to the
  // predictions; and which share of the answer's rows each layer computes between the second.
  uint32_t prompt_interval_steps = 100, gen_interval_steps = 7, cfg_interval_steps = 1;
  float transfer_ratio = 0.25f;

  // Sparse-dLLM: share of the keys outside the block that stay, and over how many neighbours a key's score is
  // the largest of.
  float keep_ratio = 0.5f;
  uint32_t kernel_size = 3;
};

// Where the attention of a row at `position` ends.
uint32_t keys_end(const SequenceView& view, uint32_t position);

// Appends the rows [begin, end), each with all the keys its attention has, to be computed by every layer.
void append_rows(const SequenceView& view, uint32_t begin, uint32_t end, model::ForwardPlan& plan);

enum class Kept : uint8_t { nothing, keys, keys_of_choice, keys_and_features };

// Throws unsupported where attention goes by blocks, which `policy` would approximate without need.
void require_full_attention(const model::ModelConfig& config, std::string_view policy);

// Counts the steps of each block, for policies that begin anew with every one.
class BlockSteps {
 public:
  // To be called once per step: its number in its block, from 0. A refresh begins the block anew.
  uint32_t next(const SequenceView& view);

 private:
  uint32_t base_slot_ = 0, begin_ = 0, end_ = 0;  // of the block
  uint32_t step_ = 0;
};

// One canvas has one policy object, from its first step to its last.
class Policy {
 public:
  virtual ~Policy() = default;

  // Throws unsupported, with the reason, where the policy does not suit a model's attention.
  virtual void require_suits(const model::ModelConfig& config) const = 0;

  // Whether every step must fill all that it asks for: the policy then computes little more than that.
  virtual bool asks_only_what_is_filled() const { return false; }

  // Whether every pass has the rows that predict the masks of the whole answer.
  virtual bool computes_answer() const { return false; }

  // Appends the sequence's rows and their key ranges to the plan, those asked for among them. The plan will
  // be run: what it computes may be counted on in the next call.
  virtual void plan(const SequenceView& view, model::ForwardPlan& plan) = 0;

  // States of a canvas that differ from it in the window, and are stepped beside it, have rows of their own.
  // Where a step depends on the state alone, and on what was kept at the block's first step, says which rows
  // these are, and appends what they need of the canvas. Otherwise throws unsupported.
  virtual Positions plan_states(const SequenceView& view, model::ForwardPlan& plan);

  // The most rows that such a state has, of a canvas of so many positions. Throws as plan_states.
  virtual uint32_t most_state_rows(const model::ModelConfig& config, uint32_t length, uint32_t block) const;

  // Whether each block's first step must be taken on the canvas, because later ones use what it keeps.
  virtual bool states_follow_a_step() const { return false; }

  // What must survive from one pass to the next. Where nothing does, all layers share one store of keys.
  virtual Kept keeps() const = 0;
};

struct PolicyInfo {
  std::string_view name;
  std::unique_ptr<Policy> (*make)(const PolicyOptions&);
};

// One entry per line of policies.inc.
std::span<const PolicyInfo> policies();

// Throws not_found with the names there are.
std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options);

}  // namespace unmask::cache
