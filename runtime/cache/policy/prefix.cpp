// Prefix cache: the block and what follows it stay active.
#include "cache/fast_dllm.h"

namespace unmask::cache {

std::unique_ptr<Policy> make_prefix(const PolicyOptions&) {
  return std::make_unique<FastDllm>("prefix", FastDllm::Active::block_and_suffix);
}

}  // namespace unmask::cache
