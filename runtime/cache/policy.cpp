#include "cache/policy.h"

#include <string>

#include "base/error.h"

namespace unmask::cache {

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
