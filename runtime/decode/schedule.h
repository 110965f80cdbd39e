// How many masks each step fills (LLaDA, Nie et al. 2025, arXiv 2502.09992): blocks from left to right, and
// within a block an even spread over its steps.
#pragma once

#include <cstdint>
#include <vector>

namespace unmask::decode {

// `count` spread over `steps`: each gets count / steps, the first count % steps one more.
std::vector<uint32_t> spread(uint32_t count, uint32_t steps);

// A half-open range of positions.
struct Window {
  uint32_t begin, end;
};

// The blocks of a generation region: parts of it between multiples of block_length from `origin` on. The
// first and the last may be shorter.
std::vector<Window> blocks(Window region, uint32_t block_length, uint32_t origin);

}  // namespace unmask::decode
