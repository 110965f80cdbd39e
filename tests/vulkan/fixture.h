// What the tests of this folder share: the device under test and one kernel of their own.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "graph/recording.h"
#include "scale_add.h"
#include "vulkan/devices.h"

namespace unmask::vulkan {

// y = y * scale + x + bias, elementwise on uint; see scale_add.comp.
struct ScaleAdd {
  struct Push {
    uint32_t count, scale;
  };
  static constexpr uint32_t workgroup = 32;

  static const graph::Kernel& kernel() {
    static const graph::BufferBinding buffers[] = {{"x", graph::Access::read},
                                                   {"y", graph::Access::read_write}};
    static const graph::Constant constants[] = {{"workgroup", 0, workgroup}, {"bias", 1, 0}};
    static const graph::Kernel made{"test/scale_add", scale_add_spirv, buffers, constants, sizeof(Push), 0};
    return made;
  }

  static graph::Dispatch dispatch(const graph::Slice& x, const graph::Slice& y, uint32_t scale,
                                  uint32_t bias) {
    const Push push{static_cast<uint32_t>(y.size / 4), scale};
    graph::Dispatch d{&kernel(), {x, y}, {workgroup, bias}, {}, {}, "scale_add", {}};
    d.grid.x = (push.count + workgroup - 1) / workgroup;
    std::memcpy(d.push.data(), &push, sizeof(push));
    return d;
  }
};

inline std::shared_ptr<Device> device() {
  static const std::shared_ptr<Device> shared = open_device();
  return shared;
}

inline graph::Slice whole(std::shared_ptr<graph::Buffer> buffer) { return {buffer, 0, buffer->size()}; }

inline void write(graph::Backend& backend, const graph::Slice& to, const std::vector<uint32_t>& values) {
  backend.write(to, std::as_bytes(std::span(values)));
}

inline std::vector<uint32_t> read(graph::Backend& backend, const graph::Slice& from) {
  std::vector<uint32_t> values(from.size / 4);
  backend.read(from, std::as_writable_bytes(std::span(values)));
  return values;
}

inline std::vector<uint32_t> ramp(size_t count, uint32_t first = 0) {
  std::vector<uint32_t> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = first + static_cast<uint32_t>(i);
  return values;
}

}  // namespace unmask::vulkan
