#include "eval_intervals.h"

#include <algorithm>
#include <cmath>

namespace cli {

namespace {
constexpr double z = 1.959963984540054;  // the normal distribution's 97.5% point
}

Interval wilson_interval(int64_t hits, int64_t n) {
  const auto count = static_cast<double>(n);
  const double share = static_cast<double>(hits) / count;
  const double scale = 1 + z * z / count;
  const double middle = (share + z * z / (2 * count)) / scale;
  const double half = z / scale * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

Interval paired_interval(int64_t gained, int64_t lost, int64_t n) {
  const double b = static_cast<double>(gained) + 0.5, c = static_cast<double>(lost) + 0.5;
  const double count = static_cast<double>(n) + 2;
  const double half = z / count * std::sqrt(b + c - (b - c) * (b - c) / count);
  const double middle = (b - c) / count;
  return {std::max(-1.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace cli
