// Reads the committed golden files: token ids and the logits that an independent implementation gave for
// them.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace unmask::tests {

struct Golden {
  size_t sequences, length, vocabulary;
  std::vector<int32_t> tokens;  // [sequences, length]
  std::vector<float> logits;    // [sequences, length, vocabulary]
};

// golden.safetensors of a folder of ours, so trusted: input_ids (i64) and logits (f32).
inline Golden read_golden(const std::filesystem::path& folder) {
  std::ifstream file(folder / "golden.safetensors", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), sizeof(header_size));
  const auto header = nlohmann::json::parse(bytes.substr(8, header_size));
  const auto data = [&](const char* name) {
    return bytes.data() + 8 + header_size + header[name]["data_offsets"][0].get<size_t>();
  };
  const auto shape = header["logits"]["shape"].get<std::vector<size_t>>();
  Golden g{shape[0], shape[1], shape[2], {}, {}};
  for (size_t i = 0; i < g.sequences * g.length; ++i) {
    int64_t id;
    std::memcpy(&id, data("input_ids") + i * sizeof(id), sizeof(id));
    g.tokens.push_back(static_cast<int32_t>(id));
  }
  g.logits.resize(g.sequences * g.length * g.vocabulary);
  std::memcpy(g.logits.data(), data("logits"), g.logits.size() * sizeof(float));
  return g;
}

}  // namespace unmask::tests
