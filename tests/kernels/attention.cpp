#include "kernels/attention.h"

#include "kernels/twins.h"
#include "tensor/layouts.h"

namespace unmask::twins {
namespace {

std::vector<uint32_t> slots_of(const tensor::KeyRanges& range) {
  std::vector<uint32_t> slots;
  for (uint32_t s = range.begin0; s < range.end0; ++s) slots.push_back(s);
  const uint64_t seen = uint64_t{range.seen_high} << 32 | range.seen_low;
  for (uint32_t s = range.begin1; s < range.end1; ++s)
    if (seen == 0 || (s - range.begin1 < 64 && (seen >> (s - range.begin1) & 1) != 0)) slots.push_back(s);
  for (uint32_t s = range.begin2; s < range.end2; ++s) slots.push_back(s);
  return slots;
}

std::vector<double> softmax(std::vector<double> scores) {
  double largest = -INFINITY, sum = 0;
  for (const double s : scores) largest = std::max(largest, s);
  for (double& s : scores) sum += s = std::exp(s - largest);
  for (double& s : scores) s /= sum;
  return scores;
}

}  // namespace

void attention(const graph::Dispatch& d) {
  const auto push = d.push_as<kernels::attention::Push>();
  const uint32_t head_dim = constant(d, "head_dim");
  const auto q = view<const float>(d, "q"), keys = view<const float>(d, "keys"),
             values = view<const float>(d, "values");
  const auto ranges = view<const tensor::KeyRanges>(d, "ranges");
  const auto y = view<float>(d, "y");
  for (uint32_t r = 0; r < push.rows; ++r) {
    const std::vector<uint32_t> slots = slots_of(ranges[r]);
    for (uint32_t h = 0; h < push.heads; ++h) {
      const float* query = &q[(r * push.heads + h) * head_dim];
      const auto kv_at = [&](uint32_t slot) {
        return (size_t{slot} * push.kv_heads + h / (push.heads / push.kv_heads)) * head_dim;
      };
      std::vector<double> scores;
      for (const uint32_t s : slots) {
        double dot = 0;
        for (uint32_t i = 0; i < head_dim; ++i) dot += double{query[i]} * keys[kv_at(s) + i];
        scores.push_back(dot * push.scale);
      }
      const std::vector<double> weights = softmax(scores);
      for (uint32_t i = 0; i < head_dim; ++i) {
        double sum = 0;
        for (size_t s = 0; s < slots.size(); ++s) sum += weights[s] * values[kv_at(slots[s]) + i];
        y[(r * push.heads + h) * head_dim + i] = static_cast<float>(sum);
      }
    }
  }
}

}  // namespace unmask::twins
