// Writes model.safetensors of floats.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/dtype.h"

namespace unmask::tests {

struct FloatTensor {
  std::vector<uint64_t> shape;
  std::vector<float> values;
};

// In f32, f16 or bf16.
inline std::string safetensors_of(const std::map<std::string, FloatTensor>& tensors,
                                  DType dtype = DType::f32) {
  const char* name_of_dtype = dtype == DType::f32 ? "F32" : dtype == DType::f16 ? "F16" : "BF16";
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const auto& [name, tensor] : tensors) {
    const size_t begin = data.size();
    data.resize(begin + bytes_of(dtype, tensor.values.size()));
    info(dtype).quantise(tensor.values, reinterpret_cast<std::byte*>(&data[begin]));
    header[name] = {
        {"dtype", name_of_dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text + data;
}

}  // namespace unmask::tests
