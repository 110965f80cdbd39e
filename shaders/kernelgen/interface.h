// What one shader asks of the host and of the device, as read from its SPIR-V.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace unmask::kernelgen {

struct BufferInterface {
  std::string name;  // of the one array the block holds
  uint32_t set;
  uint32_t binding;
  uint32_t members;  // of the block
  bool reads;
  bool writes;
  bool operator==(const BufferInterface&) const = default;
};

enum class Scalar : uint8_t { uint32, int32, float32, boolean, other };

struct PushField {
  std::string name;
  Scalar type;
  uint32_t offset;
  bool operator==(const PushField&) const = default;
};

struct ConstantInterface {
  std::string name;
  uint32_t id;
  Scalar type;
  uint32_t default_bits;
  bool operator==(const ConstantInterface&) const = default;
};

struct Interface {
  std::vector<BufferInterface> buffers;  // in order of binding
  std::vector<PushField> push;
  uint32_t push_bytes = 0;
  std::vector<ConstantInterface> constants;  // in order of id
  std::vector<std::string> other_resources;  // images, uniform buffers, ...: the base path has none
  std::set<uint32_t> capabilities;           // spv::Capability
  uint32_t workgroup_invocations = 0;        // with default constants
  uint32_t shared_bytes = 0;                 // with default constants

  // Whether the same C++ call can launch both.
  bool same_call(const Interface& o) const {
    return buffers == o.buffers && push == o.push && constants == o.constants;
  }
};

// Reads unoptimised SPIR-V (optimising strips the names).
Interface reflect(std::span<const uint32_t> spirv);

}  // namespace unmask::kernelgen
