// dKV-Cache-PD: the prompt is never refreshed, the written part of the answer is.
#include "cache/delayed_keys.h"

namespace unmask::cache {

std::unique_ptr<Policy> make_dkv_pd(const PolicyOptions& options) {
  return std::make_unique<DelayedKeys>(
      DelayedKeys::Kind{.name = "dkv-pd", .prompt_frozen = true, .answer_is_kept = true}, options);
}

}  // namespace unmask::cache
