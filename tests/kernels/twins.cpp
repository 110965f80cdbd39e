#include "kernels/twins.h"

#include <array>

#include "base/rng.h"

namespace unmask::twins {

#define UNMASK_TWIN(stem) void stem(const graph::Dispatch&);
#include "kernels/twins.inc"
#undef UNMASK_TWIN

namespace {

struct Entry {
  std::string_view stem;
  Twin twin;
};

constexpr std::array entries = {
#define UNMASK_TWIN(stem) Entry{#stem, stem},
#include "kernels/twins.inc"
#undef UNMASK_TWIN
};

}  // namespace

// "<family>/<stem>.<variant>" or "<family>/<stem>"
Twin find_twin(std::string_view kernel) {
  const std::string_view stem = kernel.substr(kernel.rfind('/') + 1);
  for (const Entry& e : entries)
    if (e.stem == stem.substr(0, stem.find('.'))) return e.twin;
  fail(Status::not_found, "Kernel '{}' has no twin; add it to tests/kernels/twins.inc.", kernel);
}

uint32_t constant(const graph::Dispatch& d, std::string_view name) {
  for (size_t i = 0; i < d.constants.size(); ++i)
    if (d.kernel->constants[i].name == name) return d.constants[i];
  fail(Status::internal, "Kernel '{}' has no constant '{}'.", d.kernel->name, name);
}

double half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == 31) return fraction ? std::nan("") : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

double gumbel_from_bits(uint32_t bits) {
  const double v = uniform_from_bits(bits);
  const double exponential = v < std::ldexp(1, -10) ? v + v * v / 2 + v * v * v / 3 : -std::log1p(-v);
  return -std::log(exponential);
}

double gumbel_noise(uint32_t seed_low, uint32_t seed_high, uint32_t masks_left, uint32_t position,
                    uint32_t token, uint32_t times_remasked, uint32_t coarse) {
  return gumbel_from_bits(philox({masks_left, position, token, times_remasked}, {seed_low, seed_high})[0] |
                          coarse);
}

}  // namespace unmask::twins
