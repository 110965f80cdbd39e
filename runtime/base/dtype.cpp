#include "base/dtype.h"

#include <array>
#include <cassert>
#include <string>

#include "base/error.h"
#include "base/quant.h"

namespace unmask {
namespace {

constexpr std::array<DTypeInfo, 8> table = {{
    {"f32", 1, 4, 0, quantise_f32, dequantise_f32, DType::f32},
    {"f16", 1, 2, 1, quantise_f16, dequantise_f16, DType::f16},
    {"bf16", 1, 2, 30, quantise_bf16, dequantise_bf16, DType::bf16},
    {"u32", 1, 4, -1, nullptr, nullptr, DType::u32},
    {"q8_0", 32, 34, 8, quantise_q8_0, dequantise_q8_0, DType::f16},
    {"q4_0", 32, 18, 2, quantise_q4_0, dequantise_q4_0, DType::f16},
    {"q4_k", 256, 144, 12, quantise_q4_k, dequantise_q4_k, DType::q8_0},
    {"q6_k", 256, 210, 14, quantise_q6_k, dequantise_q6_k, DType::q8_0},
}};

}  // namespace

const DTypeInfo& info(DType type) { return table[static_cast<size_t>(type)]; }

std::span<const DType> weight_types() {
  static constexpr DType types[] = {DType::f32,  DType::f16,  DType::bf16, DType::q8_0,
                                    DType::q4_0, DType::q4_k, DType::q6_k};
  return types;
}

DType parse_weight_type(std::string_view name) {
  std::string names;
  for (const DType type : weight_types()) {
    if (name == info(type).name) return type;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", info(type).name);
  }
  fail(Status::invalid_argument, "'{}' is not a data type of weights; there are: {}.", name, names);
}

std::optional<DType> dtype_of_gguf(uint32_t gguf_type) {
  for (const DType type : weight_types())
    if (static_cast<uint32_t>(info(type).gguf_type) == gguf_type) return type;
  return std::nullopt;
}

DType fitting_type(DType wanted, uint64_t inputs) {
  while (inputs % info(wanted).block_elements != 0) wanted = info(wanted).otherwise;
  return wanted;
}

uint64_t bytes_of(DType type, uint64_t elements) {
  const DTypeInfo& t = info(type);
  assert(elements % t.block_elements == 0);
  return elements / t.block_elements * t.block_bytes;
}

}  // namespace unmask
