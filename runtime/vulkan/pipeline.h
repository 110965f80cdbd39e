// Compute pipelines, made on first use of a (kernel, constants) pair and kept while the device is open.
#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "graph/kernel.h"
#include "vulkan/handle.h"

namespace unmask::vulkan {

class Device;

// Handles that stay valid while the device is open.
struct Pipeline {
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
};

// Thread-safe.
class Pipelines {
 public:
  // Starts from the cache on disk, and writes it back at the end if pipelines were made.
  explicit Pipelines(Device& device);
  ~Pipelines();

  // `kernel` must live as long as the device: it is the key. Throws unsupported if the device cannot run it.
  Pipeline get(const graph::Kernel& kernel, const std::vector<uint32_t>& constants);

  // How many have been made.
  size_t count();

 private:
  // All kernels with as many buffers and push bytes share one layout.
  struct Layout {
    Handle<VkDescriptorSetLayout> set;
    Handle<VkPipelineLayout> pipeline;
  };
  const Layout& layout(uint32_t buffers, uint32_t push_bytes);
  Handle<VkPipeline> make(const graph::Kernel& kernel, const std::vector<uint32_t>& constants,
                          VkPipelineLayout layout);

  Device& device_;
  std::mutex mutex_;
  Handle<VkPipelineCache> cache_;
  bool cache_grew_ = false;
  std::map<std::pair<uint32_t, uint32_t>, Layout> layouts_;
  std::map<std::pair<const graph::Kernel*, std::vector<uint32_t>>, Handle<VkPipeline>> pipelines_;
};

}  // namespace unmask::vulkan
