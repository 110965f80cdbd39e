// A flat list of dispatches: what one forward pass, or one denoising step, does on a device. Recorded once
// per shape and replayed; what changes between steps lives in buffers, never in the recording.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "graph/kernel.h"

namespace unmask::graph {

// What a dispatch computes and moves, for the row counts it was recorded with. `flops_executed` adds what
// padding to tile sizes costs. A multiply-add is two FLOPs.
struct Work {
  uint64_t flops = 0;
  uint64_t flops_executed = 0;
  uint64_t bytes = 0;  // read and written once, caches ideal

  Work& operator+=(const Work& o) {
    flops += o.flops, flops_executed += o.flops_executed, bytes += o.bytes;
    return *this;
  }
};

// What the work of a dispatch grows with. A recording is made for padded counts and replayed with smaller
// ones, so the counted work of a step is scaled by the counts the step really had.
enum class Extent : uint8_t {
  fixed,
  rows,
  row_keys,
  logit_rows,
  selected_rows,
  selected_row_keys,
  judged_rows,
  guided_rows
};

// The counts of one step: rows computed, (row, key) pairs attended, rows that went through the LM head; the
// first two once more for layers that compute only some of the rows; rows whose logits judge a token; and
// rows whose difference to those of guidance's second pass is kept.
struct Counts {
  uint64_t rows = 0;
  uint64_t row_keys = 0;
  uint64_t logit_rows = 0;
  uint64_t selected_rows = 0;
  uint64_t selected_row_keys = 0;
  uint64_t judged_rows = 0;
  uint64_t guided_rows = 0;

  Counts& operator+=(const Counts& o);
};

constexpr uint32_t max_push_bytes = 128;

struct Dispatch {
  const Kernel* kernel;
  std::vector<Slice> buffers;       // one per Kernel::buffers
  std::vector<uint32_t> constants;  // one per Kernel::constants
  std::array<std::byte, max_push_bytes> push{};
  Grid grid;
  const char* label;  // what the dispatch is for ("attention", "head"); static storage
  Work work;
  Extent extent = Extent::fixed;
  uint64_t units = 1;  // of the extent, as recorded

  template <typename T>
  T push_as() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= max_push_bytes);
    T value;
    std::memcpy(&value, push.data(), sizeof(T));
    return value;
  }
};

class Recording {
 public:
  void append(Dispatch d);
  const std::vector<Dispatch>& dispatches() const { return dispatches_; }
  Work total() const;

  // FLOPs of a replay with these counts, without any padding.
  uint64_t flops(const Counts& counts) const;

  // One line per dispatch: label, kernel, grid, constants, buffers. Buffers are numbered by first use, so two
  // recordings of the same work print the same text.
  std::string print() const;

  // The first line in which two recordings differ, as a sentence, or an empty string.
  static std::string difference(const Recording& a, const Recording& b);

 private:
  std::vector<Dispatch> dispatches_;
};

// Makes a dispatch of the generated kernel type K (see shaders/kernelgen): named buffers, push fields,
// constants.
template <typename K>
Dispatch dispatch(const Kernel& kernel, const typename K::Buffers& buffers, const typename K::Push& push,
                  const typename K::Constants& constants, Grid grid, const char* label, Work work = {}) {
  static_assert(sizeof(typename K::Push) <= max_push_bytes);
  Dispatch d{&kernel, K::slices(buffers), K::values(constants), {}, grid, label, work};
  std::memcpy(d.push.data(), &push, sizeof(push));
  return d;
}

}  // namespace unmask::graph
