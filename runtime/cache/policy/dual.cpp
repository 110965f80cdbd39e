// Dual cache: only the block stays active.
#include "cache/fast_dllm.h"

namespace unmask::cache {

std::unique_ptr<Policy> make_dual(const PolicyOptions&) {
  return std::make_unique<FastDllm>("dual", FastDllm::Active::block);
}

}  // namespace unmask::cache
