// A cache policy decides, per step, which rows of a sequence are computed and which keys they see. It knows
// of the model only the forward plan.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/forward_plan.h"

namespace unmask::cache {

// A canvas as a policy sees it. Slots [base_slot, base_slot + length) are the sequence's.
struct SequenceView {
  uint32_t sequence;   // index in the step
  uint32_t base_slot;  // of position 0
  uint32_t length;     // positions
};

class Policy {
 public:
  virtual ~Policy() = default;

  // Appends the sequence's rows and their key ranges to the plan. Every position asked for must be among
  // them.
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
