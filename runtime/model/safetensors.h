// The safetensors format: an 8-byte little-endian header length, a JSON header, and the tensors' bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unmask::model {

// One tensor as its header describes it. The bytes lie wherever the header's length puts them: do not assume
// that their address is aligned to the element.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;            // as written in the file: "F32", "F16", "BF16", "I64", ...
  std::vector<uint64_t> shape;  // outermost first; empty for a scalar
  std::span<const std::byte> data;
};

// The tensors of one file in the order of their bytes; they point into `file`. `where` names the file in
// sentences. Every byte after the header must belong to exactly one tensor, so truncated files and files with
// something appended are both refused. Throws bad_model.
std::vector<SafetensorsEntry> read_safetensors(std::span<const std::byte> file, const std::string& where);

}  // namespace unmask::model
