#include "graph/recording.h"

#include <cassert>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace unmask::graph {

void Recording::append(Dispatch d) {
  assert(d.buffers.size() == d.kernel->buffers.size());
  assert(d.constants.size() == d.kernel->constants.size());
  dispatches_.push_back(std::move(d));
}

Work Recording::total() const {
  Work sum;
  for (const Dispatch& d : dispatches_) sum += d.work;
  return sum;
}

Counts& Counts::operator+=(const Counts& o) {
  rows += o.rows, row_keys += o.row_keys, logit_rows += o.logit_rows, judged_rows += o.judged_rows;
  selected_rows += o.selected_rows, selected_row_keys += o.selected_row_keys;
  guided_rows += o.guided_rows;
  return *this;
}

uint64_t Recording::flops(const Counts& counts) const {
  const std::array<uint64_t, 8> units = {0,
                                         counts.rows,
                                         counts.row_keys,
                                         counts.logit_rows,
                                         counts.selected_rows,
                                         counts.selected_row_keys,
                                         counts.judged_rows,
                                         counts.guided_rows};
  uint64_t sum = 0;
  for (const Dispatch& d : dispatches_) {
    sum += d.extent == Extent::fixed ? d.work.flops
                                     : d.work.flops / d.units * units[static_cast<size_t>(d.extent)];
  }
  return sum;
}

std::string Recording::print() const {
  std::map<const Buffer*, size_t> numbers;
  std::string text;
  for (const Dispatch& d : dispatches_) {
    text += fmt::format("{} {} [{} {} {}] ({})", d.label, d.kernel->name, d.grid.x, d.grid.y, d.grid.z,
                        fmt::join(d.constants, " "));
    for (size_t i = 0; i < d.buffers.size(); ++i) {
      const Slice& s = d.buffers[i];
      const size_t number = numbers.try_emplace(s.buffer.get(), numbers.size()).first->second;
      text += fmt::format(" {}=#{}+{}:{}", d.kernel->buffers[i].name, number, s.offset, s.size);
    }
    text += '\n';
  }
  return text;
}

std::string Recording::difference(const Recording& a, const Recording& b) {
  std::istringstream left(a.print()), right(b.print());
  std::string l, r;
  for (size_t line = 0;; ++line) {
    const bool more_left = static_cast<bool>(std::getline(left, l));
    const bool more_right = static_cast<bool>(std::getline(right, r));
    if (!more_left && !more_right) return {};
    if (!more_left) l = "(end)";
    if (!more_right) r = "(end)";
    if (l != r) return fmt::format("Dispatch {} differs: '{}' against '{}'.", line, l, r);
  }
}

}  // namespace unmask::graph
