// Weights as the kernels read them, element by element, from the words of tensor/weight_layout.h.
#include <array>

#include "kernels/twins.h"

namespace unmask::twins {
namespace {

using Row = std::span<const std::byte>;

template <typename T>
T at(Row bytes, size_t index) {
  T value;
  assert((index + 1) * sizeof(T) <= bytes.size());
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

double half_at(Row bytes, size_t index) { return half_value(at<uint16_t>(bytes, index)); }

int nibble(Row bytes, size_t index) { return at<uint8_t>(bytes, index / 2) >> index % 2 * 4 & 15; }

double f32(Row row, size_t, size_t i) { return at<float>(row, i); }
double f16(Row row, size_t, size_t i) { return half_at(row, i); }
double bf16(Row row, size_t, size_t i) { return std::bit_cast<float>(uint32_t{at<uint16_t>(row, i)} << 16); }

double q8_0(Row row, size_t inputs, size_t i) {
  return half_at(row.subspan(inputs), i / 32) * at<int8_t>(row, i);
}

double q4_0(Row row, size_t inputs, size_t i) {
  const int number = nibble(row, i);
  return half_at(row.subspan(inputs / 2), i / 32) * (number < 8 ? number : number - 16);
}

double q4_k(Row row, size_t inputs, size_t i) {
  const Row scales = row.subspan(inputs / 2 + i / 256 * 20, 20);
  const size_t part = i % 256 / 32;
  const float scale = static_cast<float>(half_at(scales, 0) * at<uint8_t>(scales, 4 + 2 * part));
  const float least = static_cast<float>(half_at(scales, 1) * at<uint8_t>(scales, 5 + 2 * part));
  return scale * static_cast<float>(nibble(row, i)) - least;
}

double q6_k(Row row, size_t inputs, size_t i) {
  const Row highs = row.subspan(inputs / 2), scales = highs.subspan(inputs / 4);
  const int high = at<uint8_t>(highs, i / 4) >> i % 4 * 2 & 3;
  const double scale = half_at(scales.subspan(inputs / 16), i / 256) * at<int8_t>(scales, i / 16);
  return static_cast<float>(scale * (nibble(row, i) + 16 * high - 32));
}

// The planes' bytes; rows are padded to 16.
size_t bytes_f32(size_t n) { return 4 * n; }
size_t bytes_f16(size_t n) { return 2 * n; }
size_t bytes_q8_0(size_t n) { return n + n / 32 * 2; }
size_t bytes_q4_0(size_t n) { return n / 2 + n / 32 * 2; }
size_t bytes_q4_k(size_t n) { return n / 2 + n / 256 * 20; }
size_t bytes_q6_k(size_t n) { return n / 2 + n / 4 + n / 16 + n / 256 * 2; }

struct Format {
  std::string_view variant;
  double (*decode)(Row, size_t, size_t);
  size_t (*bytes)(size_t);
};
constexpr std::array formats = {
    Format{"f32", f32, bytes_f32},    Format{"f16", f16, bytes_f16},    Format{"bf16", bf16, bytes_f16},
    Format{"q8_0", q8_0, bytes_q8_0}, Format{"q4_0", q4_0, bytes_q4_0}, Format{"q4_k", q4_k, bytes_q4_k},
    Format{"q6_k", q6_k, bytes_q6_k},
};

// "<family>/<stem>.<variant>"
const Format& format_of(std::string_view kernel) {
  for (const Format& f : formats)
    if (f.variant == kernel.substr(kernel.rfind('.') + 1)) return f;
  fail(Status::internal, "Kernel '{}' reads weights of a format that the twins do not.", kernel);
}

}  // namespace

Weights::Weights(const graph::Dispatch& d, std::string_view buffer, size_t inputs)
    : decode_(format_of(d.kernel->name).decode),
      inputs_(inputs),
      row_size_((format_of(d.kernel->name).bytes(inputs) + 15) / 16 * 16),
      bytes_(view<const std::byte>(d, buffer)) {}

std::span<const std::byte> Weights::row_bytes(size_t row) const {
  return bytes_.subspan(row * row_size_, row_size_);
}

}  // namespace unmask::twins
