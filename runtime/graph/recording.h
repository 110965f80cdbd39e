// A flat list of dispatches: what one forward pass, or one denoising step, does on a device. Recorded once per
// shape and replayed; what changes between steps lives in buffers, never in the recording.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "graph/kernel.h"

namespace unmask::graph {

// What a dispatch computes and moves. The unpadded figures count the rows that were asked for; `flops_executed`
// adds what padding to tile sizes costs. A multiply-add is two FLOPs.
struct Work {
  uint64_t flops = 0;
  uint64_t flops_executed = 0;
  uint64_t bytes = 0;  // read and written once, caches ideal

  Work& operator+=(const Work& o) {
    flops += o.flops, flops_executed += o.flops_executed, bytes += o.bytes;
    return *this;
  }
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

  // One line per dispatch: label, kernel, grid, constants, buffers. Buffers are numbered by first use, so two
  // recordings of the same work print the same text.
  std::string print() const;

  // The first line in which two recordings differ, as a sentence, or an empty string.
  static std::string difference(const Recording& a, const Recording& b);

 private:
  std::vector<Dispatch> dispatches_;
};

// Makes a dispatch of the generated kernel type K (see shaders/kernelgen): named buffers, push fields, constants.
template <typename K>
Dispatch dispatch(const Kernel& kernel, const typename K::Buffers& buffers, const typename K::Push& push,
                  const typename K::Constants& constants, Grid grid, const char* label, Work work = {}) {
  static_assert(sizeof(typename K::Push) <= max_push_bytes);
  Dispatch d{&kernel, K::slices(buffers), K::values(constants), {}, grid, label, work};
  std::memcpy(d.push.data(), &push, sizeof(push));
  return d;
}

}  // namespace unmask::graph
