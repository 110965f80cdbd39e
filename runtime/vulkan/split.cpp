#include "vulkan/split.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace unmask::vulkan {
namespace {

uint32_t& extent(graph::Grid& grid, int dimension) {
  return dimension == 0 ? grid.x : dimension == 1 ? grid.y : grid.z;
}

int largest_dimension(const graph::Grid& grid) {
  if (grid.x >= grid.y && grid.x >= grid.z) return 0;
  return grid.y >= grid.z ? 1 : 2;
}

// The fewest near-equal pieces that fit the budget.
std::vector<Piece> cut(uint32_t dispatch, graph::Grid grid, double seconds, double budget) {
  const int dimension = largest_dimension(grid);
  const uint32_t total = extent(grid, dimension);
  const double wanted = std::ceil(seconds / budget);
  const auto parts = static_cast<uint32_t>(std::clamp<double>(wanted, 1, std::max(total, 1u)));
  std::vector<Piece> pieces;
  for (uint32_t i = 0; i < parts; ++i) {
    Piece piece{dispatch, {0, 0, 0}, grid};
    const auto begin = static_cast<uint32_t>(uint64_t{total} * i / parts);
    const auto end = static_cast<uint32_t>(uint64_t{total} * (i + 1) / parts);
    extent(piece.base, dimension) = begin;
    extent(piece.count, dimension) = end - begin;
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace

std::vector<Submission> split(const graph::Recording& recording, std::span<const double> seconds,
                              double budget) {
  const auto& dispatches = recording.dispatches();
  assert(seconds.size() == dispatches.size() && budget > 0);
  std::vector<Submission> submissions;
  double used = 0;
  for (uint32_t i = 0; i < dispatches.size(); ++i) {
    const std::vector<Piece> pieces = cut(i, dispatches[i].grid, seconds[i], budget);
    const double each = seconds[i] / static_cast<double>(pieces.size());
    for (const Piece& piece : pieces) {
      if (submissions.empty() || used + each > budget) submissions.emplace_back(), used = 0;
      submissions.back().push_back(piece);
      used += each;
    }
  }
  return submissions;
}

}  // namespace unmask::vulkan
