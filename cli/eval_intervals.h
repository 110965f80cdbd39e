// 95% intervals of shares.
#pragma once

#include <cstdint>

namespace cli {

struct Interval {
  double low, high;
};

// Of a share of which `hits` of `n` > 0 were seen (Wilson 1927).
Interval wilson_interval(int64_t hits, int64_t n);

// Of the difference of two shares seen on the same `n` > 0 items: `gained` were right only in the first,
// `lost` only in the second (Agresti and Min 2005: Wald's, with half an item added to each of the four
// cells).
Interval paired_interval(int64_t gained, int64_t lost, int64_t n);

}  // namespace cli
