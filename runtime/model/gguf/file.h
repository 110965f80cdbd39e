// The GGUF container (versions 2 and 3): metadata by key, then tensors in ggml's types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/json.h"

namespace unmask::model::gguf {

// One tensor as the file describes it; `data` points into the file.
struct Tensor {
  std::string name;
  uint32_t type;                // ggml's number of it; see base/dtype.h for those that we read
  std::vector<uint64_t> shape;  // outermost first, unlike in the file
  std::span<const std::byte> data;
};

struct Content {  // NOLINT(bugprone-exception-escape): moving Json throws nothing
  Json metadata;  // an object; whole numbers, floats, booleans, texts and arrays of those
  std::vector<Tensor> tensors;
};

// Reads what nobody vouches for: every count, size, offset and type is checked against the file, and what
// would take more memory than a sane file can ask for is refused. `where` names the file in sentences.
// Tensors of types that we do not know have no data. Throws bad_model, or unsupported for other versions and
// byte orders.
Content read(std::span<const std::byte> file, const std::string& where);

// Whether a file begins like GGUF.
bool is_gguf(std::span<const std::byte> file);

constexpr uint32_t magic = 0x46554747;  // "GGUF"
constexpr uint32_t version = 3;
constexpr uint64_t default_alignment = 32;

// The types of metadata, as numbered in files.
enum class ValueType : uint32_t {
  uint8 = 0,
  int8 = 1,
  uint16 = 2,
  int16 = 3,
  uint32 = 4,
  int32 = 5,
  float32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  uint64 = 10,
  int64 = 11,
  float64 = 12,
};

}  // namespace unmask::model::gguf
