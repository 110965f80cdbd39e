// Device time between marks of a recording, from timestamp queries.
#pragma once

#include <memory>
#include <vector>

#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

class Timestamps {
 public:
  Timestamps(std::shared_ptr<Device> device, uint32_t marks);

  static bool offered(const Device& device);

  // Recorded first, in the first command buffer.
  void reset(VkCommandBuffer commands) const;
  // Records the next mark: the time at which all commands before it are done.
  void mark(VkCommandBuffer commands);
  // Seconds from each mark to the next, once all were passed.
  std::vector<double> intervals() const;

 private:
  std::shared_ptr<Device> device_;
  uint32_t marks_, next_ = 0;
  Handle<VkQueryPool> pool_;
};

}  // namespace unmask::vulkan
