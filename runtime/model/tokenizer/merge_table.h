// The merges of byte-pair encoding, and how they are applied to one piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace unmask::model {

struct Merge {
  uint32_t rank;   // lower merges first
  int32_t result;  // the token that replaces the pair
};

// Immutable once filled, for any thread.
class MergeTable {
 public:
  void reserve(size_t merges) { merges_.reserve(merges); }

  // Of a pair that is set twice the last counts.
  void set(int32_t left, int32_t right, Merge merge) { merges_[key(left, right)] = merge; }

  // Null where the two do not merge.
  const Merge* find(int32_t left, int32_t right) const;

  // Merges neighbours in the order of the ranks, and among equal ranks from the left, until none merges.
  // Takes n log n steps for n tokens.
  void apply(std::vector<int32_t>& tokens) const;

 private:
  static uint64_t key(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }

  std::unordered_map<uint64_t, Merge> merges_;
};

}  // namespace unmask::model
