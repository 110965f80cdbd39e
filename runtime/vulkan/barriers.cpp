#include "vulkan/barriers.h"

#include <algorithm>

namespace unmask::vulkan {
namespace {

struct Use {
  const graph::Buffer* buffer;
  uint64_t begin, end;  // bytes
  bool writes;
};

bool conflict(const Use& a, const Use& b) {
  return a.buffer == b.buffer && (a.writes || b.writes) && a.begin < b.end && b.begin < a.end;
}

std::vector<Use> uses_of(const graph::Dispatch& dispatch) {
  std::vector<Use> uses;
  for (size_t i = 0; i < dispatch.buffers.size(); ++i) {
    const graph::Slice& s = dispatch.buffers[i];
    const bool writes = dispatch.kernel->buffers[i].access != graph::Access::read;
    uses.push_back({s.buffer.get(), s.offset, s.offset + s.size, writes});
  }
  return uses;
}

bool any_conflict(const std::vector<Use>& earlier, const std::vector<Use>& later) {
  return std::any_of(later.begin(), later.end(), [&](const Use& b) {
    return std::any_of(earlier.begin(), earlier.end(), [&](const Use& a) { return conflict(a, b); });
  });
}

}  // namespace

std::vector<bool> schedule_barriers(const graph::Recording& recording) {
  std::vector<bool> before;
  std::vector<Use> since_barrier;
  for (const graph::Dispatch& dispatch : recording.dispatches()) {
    const std::vector<Use> uses = uses_of(dispatch);
    before.push_back(any_conflict(since_barrier, uses));
    if (before.back()) since_barrier.clear();
    since_barrier.insert(since_barrier.end(), uses.begin(), uses.end());
  }
  return before;
}

}  // namespace unmask::vulkan
