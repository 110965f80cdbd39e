// The attention mask of SimSD's verification (Cui et al. 2026, arXiv 2606.02544): tokens of a drafted block
// are judged in one pass, each as far as possible by what was there when it was drafted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace unmask::decode {

// The step of a position that was never drafted.
constexpr uint32_t never_drafted = 0xFFFFFFFFu;

// Which rows each row of the pass sees, row i as bit i. Rows are the block's `known` tokens, then a data row
// for each drafted token, then a mask row for each at the same position, whose logits judge it; steps[i] is
// the draft's step that revealed token i. At most 64 rows. A mask row sees as data what was revealed before
// its own step, and all else, itself included, as masks.
std::vector<uint64_t> temporal_order_masks(uint32_t known, std::span<const uint32_t> steps);

}  // namespace unmask::decode
