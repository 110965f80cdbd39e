#include "cache/policy.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace unmask::cache {

uint32_t keys_end(const SequenceView& view, uint32_t position) {
  if (view.block_length == 0) return view.length;
  return std::min((position / view.block_length + 1) * view.block_length, view.length);
}

void append_rows(const SequenceView& view, uint32_t begin, uint32_t end, model::ForwardPlan& plan) {
  for (uint32_t position = begin; position < end; ++position) {
    plan.computed.push_back(static_cast<uint32_t>(plan.rows.size()));
    plan.rows.push_back({view.sequence, position, view.base_slot + position, 0});
    plan.ranges.push_back({view.base_slot, view.base_slot + keys_end(view, position), 0, 0});
  }
}

namespace {
[[noreturn]] void refuse_states() {
  fail(
      Status::unsupported,
      "With this cache policy a step depends on the steps before it, so no state of a text can be verified by "
      "itself. Use the cache policy 'none', 'prefix' or 'dual', or for block-causal models 'block'.");
}
}  // namespace

Positions Policy::plan_states(const SequenceView&, model::ForwardPlan&) { refuse_states(); }

uint32_t Policy::most_state_rows(const model::ModelConfig&, uint32_t, uint32_t) const { refuse_states(); }

uint32_t BlockSteps::next(const SequenceView& view) {
  const bool same = view.base_slot == base_slot_ &&
                    (view.continues || (view.window_begin == begin_ && view.window_end == end_));
  base_slot_ = view.base_slot, begin_ = view.window_begin, end_ = view.window_end;
  return step_ = same && !view.refresh ? step_ + 1 : 0;
}

void require_full_attention(const model::ModelConfig& config, std::string_view policy) {
  require(config.block_length == 0, Status::unsupported,
          "The cache policy '{}' approximates attention in which every row sees every key; in this model it "
          "is causal between blocks. Use 'block', which is exact there.",
          policy);
}

#define X(name, _) std::unique_ptr<Policy> make_##name(const PolicyOptions&);
#include "cache/policy/policies.inc"
#undef X

std::span<const PolicyInfo> policies() {
  static constexpr PolicyInfo table[] = {
#define X(name, published_name) {published_name, make_##name},
#include "cache/policy/policies.inc"
#undef X
  };
  return table;
}

std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options) {
  std::string known;
  for (const PolicyInfo& p : policies()) {
    if (p.name == name) return p.make(options);
    known += (known.empty() ? "" : ", ") + std::string(p.name);
  }
  fail(Status::not_found, "There is no cache policy '{}'. Known: {}.", name, known);
}

}  // namespace unmask::cache
