// CPU twins of the kernels, and a backend made of them. A twin is written from the definition, in double
// precision where it computes, and never from the shader. Layers above the kernels link `unmask_twins` to run
// their recordings without a GPU; the kernel tests compare each twin with its shader.
#pragma once

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/backend.h"

namespace unmask::twins {

class HostBuffer : public graph::Buffer {
 public:
  explicit HostBuffer(uint64_t size) : bytes(size) {}
  uint64_t size() const override { return bytes.size(); }
  std::vector<std::byte> bytes;
};

using Twin = void (*)(const graph::Dispatch&);

// By the name of a kernel, any variant of it; throws not_found.
Twin find_twin(std::string_view kernel);

std::unique_ptr<graph::Backend> make_twin_backend();

// --- for writing twins ---

// The elements of a buffer of the dispatch, by its name in the shader.
template <typename T>
std::span<T> view(const graph::Dispatch& d, std::string_view name) {
  for (size_t i = 0; i < d.buffers.size(); ++i) {
    if (d.kernel->buffers[i].name != name) continue;
    const graph::Slice& s = d.buffers[i];
    auto& host = dynamic_cast<HostBuffer&>(*s.buffer);
    assert(s.offset + s.size <= host.size());
    return {reinterpret_cast<T*>(host.bytes.data() + s.offset), s.size / sizeof(T)};
  }
  fail(Status::internal, "Kernel '{}' has no buffer '{}'.", d.kernel->name, name);
}

// A specialisation constant of the dispatch, by its name in the shader.
uint32_t constant(const graph::Dispatch& d, std::string_view name);

// The weights of a buffer with rows of `inputs`, in the format that the kernel's variant names, laid out as
// tensor/weight_layout.h says.
class Weights {
 public:
  Weights(const graph::Dispatch& d, std::string_view buffer, size_t inputs);
  double at(size_t row, size_t input) const { return decode_(row_bytes(row), inputs_, input); }

 private:
  using Decode = double (*)(std::span<const std::byte> row, size_t inputs, size_t index);
  std::span<const std::byte> row_bytes(size_t row) const;

  Decode decode_;
  size_t inputs_, row_size_;
  std::span<const std::byte> bytes_;
};

// IEEE 754 binary16 to binary64, exact.
double half_value(uint16_t bits);

// Standard Gumbel noise; the arguments are those of the Philox key and counter.
double gumbel_noise(uint32_t seed_low, uint32_t seed_high, uint32_t masks_left, uint32_t position,
                    uint32_t token, uint32_t times_remasked, uint32_t coarse = 0);
double gumbel_from_bits(uint32_t bits);

}  // namespace unmask::twins
