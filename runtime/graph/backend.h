// What the layers above need of a device: memory, transfers, and programs made from recordings. vulkan/
// implements it on a GPU; the tests implement it on the CPU twins of the kernels.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "graph/kernel.h"
#include "graph/recording.h"

namespace unmask::graph {

// Where a buffer lives. `shared` memory is visible to host and device and is for what is small and changes
// each step: row lists going up, commits coming down.
enum class Memory : uint8_t { device, shared };

// Which tile table applies (tensor/tiles).
enum class DeviceClass : uint8_t { software, mobile, integrated, discrete };

// The properties of a device that decide how work is recorded.
struct Traits {
  DeviceClass device_class = DeviceClass::software;
  uint64_t max_storage_range = 128ull << 20;  // bytes one binding may span
  uint32_t storage_alignment = 64;            // of a slice's offset, in bytes
  uint32_t max_workgroup_invocations = 128;
  uint32_t shared_memory = 16384;  // bytes per workgroup
  uint32_t max_groups = 65535;     // per grid dimension
  uint32_t subgroup_size = 0;      // 0: not fixed, or broadcast not usable
  uint32_t requirements = 0;       // Requirement bits the device can meet
};

// A recording made ready for replay. Owned by the caller; must not outlive its backend.
class Program {
 public:
  virtual ~Program() = default;
  virtual const Recording& recording() const = 0;
  // Whether the next run takes as long as those after it: nothing is left to be compiled or measured.
  virtual bool warmed_up() const { return true; }
};

// Seconds on the device per label, summed since the last reset.
using Profile = std::map<std::string, double>;

// Not thread-safe: one backend serves one thread at a time (the session's).
class Backend {
 public:
  virtual ~Backend() = default;
  virtual const Traits& traits() const = 0;

  // Zero-filled. Throws out_of_memory with the size asked for and what is left.
  virtual std::shared_ptr<Buffer> allocate(uint64_t bytes, Memory memory, const char* label) = 0;

  // Host to device and back; both wait until the copy is done. Slices of shared memory are copied directly.
  virtual void write(const Slice& to, std::span<const std::byte> from) = 0;
  virtual void read(const Slice& from, std::span<std::byte> to) = 0;

  virtual std::unique_ptr<Program> prepare(Recording recording) = 0;

  // Runs the program and waits for it. Writes made by it to shared memory are visible to the host afterwards.
  virtual void run(Program& program) = 0;

  // With profiling on, run() collects device time per label.
  virtual void set_profiling(bool on) = 0;
  virtual Profile profile() const = 0;
  virtual void reset_profile() = 0;
};

}  // namespace unmask::graph
