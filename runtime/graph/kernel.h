// A compute kernel as data. kernelgen writes one description per shader variant at build time; nothing here
// knows Vulkan, so recordings of kernels can be built, printed and run on CPU twins without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace unmask::graph {

// How a kernel uses a buffer; compiler-verified (readonly / writeonly in the shader), so barriers follow from
// it.
enum class Access : uint8_t { read, write, read_write };

struct BufferBinding {
  const char* name;  // binding number = index in Kernel::buffers
  Access access;
};

// A specialisation constant: a number or switch fixed when the pipeline is made.
struct Constant {
  const char* name;
  uint32_t id;
  uint32_t default_value;
};

// What a kernel needs beyond the base path (architecture.md, "No GPU is special"); a bit set.
enum class Requirement : uint32_t {
  none = 0,
  subgroup_broadcast = 1,  // subgroupBroadcast within a subgroup of the size given as a constant
};
constexpr bool has(uint32_t set, Requirement r) { return (set & static_cast<uint32_t>(r)) != 0; }

struct Kernel {
  const char* name;  // "<family>/<stem>" or "<family>/<stem>.<variant>"
  std::span<const uint32_t> spirv;
  std::span<const BufferBinding> buffers;
  std::span<const Constant> constants;  // in order of id, ids 0, 1, 2, ...
  uint32_t push_bytes;                  // at most 128
  uint32_t requirements;                // Requirement bits
};

// Device memory as the recording sees it. vulkan/ derives one kind, the CPU twins of the tests another.
class Buffer {
 public:
  virtual ~Buffer() = default;
  virtual uint64_t size() const = 0;  // bytes
};

// A byte range of a buffer. Copying is cheap; the buffer lives as long as any slice of it.
struct Slice {
  std::shared_ptr<Buffer> buffer;
  uint64_t offset = 0;  // bytes
  uint64_t size = 0;    // bytes

  Slice sub(uint64_t begin, uint64_t bytes) const { return {buffer, offset + begin, bytes}; }
};

// Arguments of a launch say how they are used, so that a call site reads like the shader's interface.
struct Read {
  Slice slice;
  Read(Slice s) : slice(std::move(s)) {}
};
struct Write {
  Slice slice;
  Write(Slice s) : slice(std::move(s)) {}
};
struct ReadWrite {
  Slice slice;
  ReadWrite(Slice s) : slice(std::move(s)) {}
};

// Workgroups of a dispatch.
struct Grid {
  uint32_t x = 1, y = 1, z = 1;
};

}  // namespace unmask::graph
