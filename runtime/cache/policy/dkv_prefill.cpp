// dKV-Cache-Prefill: only the prompt is kept, and never refreshed.
#include "cache/delayed_keys.h"

namespace unmask::cache {

std::unique_ptr<Policy> make_dkv_prefill(const PolicyOptions& options) {
  return std::make_unique<DelayedKeys>(
      DelayedKeys::Kind{.name = "dkv-prefill", .prompt_frozen = true, .answer_is_kept = false}, options);
}

}  // namespace unmask::cache
