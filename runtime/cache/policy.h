// A cache policy decides, per step, which rows of a sequence are computed and which keys they see. It knows
// of the model only the forward plan.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/config.h"
#include "model/forward_plan.h"

namespace unmask::cache {

// A canvas as a policy sees it. Slots [base_slot, base_slot + length) are the sequence's.
struct SequenceView {
  uint32_t sequence;                  // index in the step
  uint32_t base_slot;                 // of position 0
  uint32_t length;                    // positions
  uint32_t block_length;              // of block-causal attention; 0: every row sees every key
  uint32_t first_mask;                // position; `length` when there is none
  uint32_t window_begin, window_end;  // the block being written
  uint32_t first_asked, last_asked;   // positions between which rows must be computed, both included
};

// Where the attention of a row at `position` ends.
uint32_t keys_end(const SequenceView& view, uint32_t position);

// Appends the rows [begin, end), each with all the keys its attention has.
void append_rows(const SequenceView& view, uint32_t begin, uint32_t end, model::ForwardPlan& plan);

// One canvas has one policy object, from its first step to its last.
class Policy {
 public:
  virtual ~Policy() = default;

  // Throws unsupported, with the reason, where the policy does not suit a model's attention.
  virtual void require_suits(const model::ModelConfig& config) const = 0;

  // Appends the sequence's rows and their key ranges to the plan, those asked for among them. The plan will
  // be run: what it computes may be counted on in the next call.
  virtual void plan(const SequenceView& view, model::ForwardPlan& plan) = 0;

  // Whether keys and values must survive from one pass to the next. If not, all layers share one store.
  virtual bool keeps_keys() const = 0;
};

struct PolicyInfo {
  std::string_view name;
  std::unique_ptr<Policy> (*make)();
};

// One entry per line of policies.inc.
std::span<const PolicyInfo> policies();

// Throws not_found with the names there are.
std::unique_ptr<Policy> make_policy(std::string_view name);

}  // namespace unmask::cache
