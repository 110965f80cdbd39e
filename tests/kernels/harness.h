// Runs one dispatch on the device under test and on its CPU twin, on the same bytes, and compares all its
// buffers. UNMASK_DEVICE and the loader's variables select the device.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "base/dtype.h"
#include "graph/recording.h"
#include "kernels/twins.h"

namespace unmask::kernels {

// Seeded inputs in host buffers. Every buffer lies between two strips of garbage (NaN as floats, out of any
// range as indices), so that a read outside it poisons the result and a write outside it shows.
class Inputs {
 public:
  explicit Inputs(uint32_t seed) : random_(seed) {}

  float number(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  uint32_t index(uint32_t end) { return std::uniform_int_distribution<uint32_t>(0, end - 1)(random_); }

  std::vector<float> numbers(size_t count, float low = -1, float high = 1) {
    std::vector<float> values(count);
    for (float& v : values) v = number(low, high);
    return values;
  }

  template <typename T>
  static graph::Slice buffer(const std::vector<T>& values) {
    const graph::Slice s = garbage(values.size() * sizeof(T));
    std::memcpy(host(s).bytes.data() + s.offset, values.data(), s.size);
    return s;
  }

  // For outputs.
  static graph::Slice garbage(uint64_t bytes) {
    const auto made = std::make_shared<twins::HostBuffer>((strip + bytes + strip + 3) / 4 * 4);
    std::fill(made->bytes.begin(), made->bytes.end(), std::byte{0xFF});
    return {made, strip, bytes};
  }
  static graph::Slice garbage_floats(size_t count) { return garbage(count * sizeof(float)); }

  static twins::HostBuffer& host(const graph::Slice& s) {
    return dynamic_cast<twins::HostBuffer&>(*s.buffer);
  }

 private:
  static constexpr uint64_t strip = 256;
  std::mt19937 random_;
};

// Rows of `inputs` weights in a format, as they lie on the device.
std::vector<std::byte> weights(const std::vector<float>& values, DType dtype, uint32_t inputs);

// The same weights in a file.
std::vector<std::byte> file_weights(const std::vector<float>& values, DType dtype);

// What the format makes of them.
std::vector<float> rounded_weights(const std::vector<float>& values, DType dtype);

// The device's outcome; the twin's is in the dispatch's own buffers.
class Outcome {
 public:
  Outcome(graph::Dispatch dispatch, std::vector<std::vector<std::byte>> device)
      : dispatch_(std::move(dispatch)), device_(std::move(device)) {}

  // Largest |device - twin| over the largest |twin| of the buffer; infinite if one is not a number and the
  // other is. Garbage that both left alone counts as equal.
  double error(std::string_view buffer) const;

  // Whether the strips around all buffers, and every buffer not named, are the same bytes as the twin's.
  testing::AssertionResult same_elsewhere(std::vector<std::string_view> except) const;
  testing::AssertionResult same(std::string_view buffer) const;

  // One buffer of the device, without its strips.
  template <typename T>
  std::vector<T> values(std::string_view buffer) const {
    const size_t b = find(buffer);
    std::vector<T> v(dispatch_.buffers[b].size / sizeof(T));
    std::memcpy(v.data(), device_[b].data() + dispatch_.buffers[b].offset, v.size() * sizeof(T));
    return v;
  }

 private:
  size_t find(std::string_view buffer) const;

  graph::Dispatch dispatch_;
  std::vector<std::vector<std::byte>> device_;
};

// Both must agree: `buffer` within the relative error, everything else exactly. The error is recorded as a
// property of the test.
void expect_close(const graph::Dispatch& dispatch, std::string_view buffer, double tolerance);

Outcome run_both(const graph::Dispatch& dispatch);

// Only the device: the bytes of one buffer.
std::vector<float> run_on_device(const graph::Dispatch& dispatch, std::string_view buffer);

graph::Backend& device_backend();

}  // namespace unmask::kernels
