#include "decode/schedule.h"

#include <algorithm>
#include <cassert>

namespace unmask::decode {

std::vector<uint32_t> spread(uint32_t count, uint32_t steps) {
  assert(steps > 0);
  std::vector<uint32_t> share(steps, count / steps);
  for (uint32_t i = 0; i < count % steps; ++i) ++share[i];
  return share;
}

std::vector<Window> blocks(Window region, uint32_t block_length, uint32_t origin) {
  assert(block_length > 0 && origin <= region.begin);
  std::vector<Window> result;
  for (uint32_t begin = region.begin; begin < region.end; begin = result.back().end) {
    const uint32_t next = origin + ((begin - origin) / block_length + 1) * block_length;
    result.push_back({begin, std::min(next, region.end)});
  }
  return result;
}

}  // namespace unmask::decode
