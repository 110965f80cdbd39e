#include "model/tokenizer/merge_table.h"

#include <queue>
#include <utility>

namespace unmask::model {
namespace {

constexpr int32_t none = -1;

// A link of the list of tokens that are left; merging keeps the left one and drops the right one.
struct Symbol {
  int32_t token;
  int32_t previous;
  int32_t next;
  bool dropped = false;
};

// A pair that merged when it was found; by the time it is taken out, its tokens may have become others.
struct Candidate {
  Merge merge;
  int32_t left;  // index of the left symbol

  bool operator<(const Candidate& other) const {  // std::priority_queue takes out the largest
    return std::pair(merge.rank, left) > std::pair(other.merge.rank, other.left);
  }
};

class Piece {
 public:
  Piece(const MergeTable& table, const std::vector<int32_t>& tokens) : table_(table) {
    const auto count = static_cast<int32_t>(tokens.size());
    for (int32_t i = 0; i < count; ++i) symbols_.push_back({tokens[i], i - 1, i + 1 < count ? i + 1 : none});
    for (int32_t i = 0; i + 1 < count; ++i) propose(i);
  }

  void merge_all() {
    while (!candidates_.empty()) {
      const Candidate best = candidates_.top();
      candidates_.pop();
      if (still_holds(best)) merge(best);
    }
  }

  void write(std::vector<int32_t>& tokens) const {
    tokens.clear();
    for (const Symbol& symbol : symbols_)
      if (!symbol.dropped) tokens.push_back(symbol.token);
  }

 private:
  void propose(int32_t left) {
    const int32_t right = symbols_[left].next;
    if (const Merge* merge = table_.find(symbols_[left].token, symbols_[right].token))
      candidates_.push({*merge, left});
  }

  bool still_holds(const Candidate& candidate) const {
    const Symbol& left = symbols_[candidate.left];
    if (left.dropped || left.next == none) return false;
    const Merge* now = table_.find(left.token, symbols_[left.next].token);
    return now != nullptr && now->result == candidate.merge.result;
  }

  void merge(const Candidate& candidate) {
    Symbol& left = symbols_[candidate.left];
    Symbol& right = symbols_[left.next];
    left.token = candidate.merge.result;
    left.next = right.next;
    right.dropped = true;
    if (left.next != none) symbols_[left.next].previous = candidate.left;
    if (left.previous != none) propose(left.previous);
    if (left.next != none) propose(candidate.left);
  }

  const MergeTable& table_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> candidates_;
};

}  // namespace

const Merge* MergeTable::find(int32_t left, int32_t right) const {
  const auto found = merges_.find(key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void MergeTable::apply(std::vector<int32_t>& tokens) const {
  if (tokens.size() < 2) return;
  Piece piece(*this, tokens);
  piece.merge_all();
  piece.write(tokens);
}

}  // namespace unmask::model
