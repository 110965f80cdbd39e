// What the files of the quantisers share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace unmask {

template <typename T>
T load_bytes(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename T>
void store_bytes(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

inline uint32_t byte_at(const std::byte* from, size_t index) {
  return std::to_integer<uint32_t>(from[index]);
}

// A whole number within [least, most] of whatever `value` is.
inline int whole(float value, int least, int most) {
  if (std::isnan(value)) return 0;
  return static_cast<int>(std::clamp(value, static_cast<float>(least), static_cast<float>(most)));
}

inline float inverse(float value) { return value == 0 ? 0 : 1 / value; }

// The value furthest from zero; the first of several.
inline float furthest(std::span<const float> x) {
  float found = 0;
  for (const float v : x)
    if (std::abs(v) > std::abs(found)) found = v;
  return found;
}

}  // namespace unmask
