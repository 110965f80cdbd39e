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
    plan.rows.push_back({view.sequence, position, view.base_slot + position, 0});
    plan.ranges.push_back({view.base_slot, view.base_slot + keys_end(view, position), 0, 0});
  }
}

#define X(name) std::unique_ptr<Policy> make_##name();
#include "cache/policy/policies.inc"
#undef X

std::span<const PolicyInfo> policies() {
  static constexpr PolicyInfo table[] = {
#define X(name) {#name, make_##name},
#include "cache/policy/policies.inc"
#undef X
  };
  return table;
}

std::unique_ptr<Policy> make_policy(std::string_view name) {
  std::string known;
  for (const PolicyInfo& p : policies()) {
    if (p.name == name) return p.make();
    known += (known.empty() ? "" : ", ") + std::string(p.name);
  }
  fail(Status::not_found, "There is no cache policy '{}'. Known: {}.", name, known);
}

}  // namespace unmask::cache
