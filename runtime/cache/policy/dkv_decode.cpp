// dKV-Cache-Decode: prompt and answer are refreshed together.
#include "cache/delayed_keys.h"

namespace unmask::cache {

std::unique_ptr<Policy> make_dkv_decode(const PolicyOptions& options) {
  return std::make_unique<DelayedKeys>(
      DelayedKeys::Kind{.name = "dkv-decode", .prompt_frozen = false, .answer_is_kept = true}, options);
}

}  // namespace unmask::cache
