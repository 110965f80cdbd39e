// Turns a recording into a command buffer.
#pragma once

#include <memory>
#include <vector>

#include "graph/backend.h"
#include "vulkan/commands.h"
#include "vulkan/pipeline.h"

namespace unmask::vulkan {

class VulkanProgram final : public graph::Program {
 public:
  VulkanProgram(std::shared_ptr<Device> device, graph::Recording recording);
  const graph::Recording& recording() const override { return recording_; }

  void run() { commands_.run(); }

 private:
  void make_descriptor_sets();
  void write_set(const graph::Dispatch& dispatch, VkDescriptorSet set);
  void record();
  void record_dispatch(const graph::Dispatch& dispatch, const Pipeline& pipeline, VkDescriptorSet set);

  std::shared_ptr<Device> device_;
  graph::Recording recording_;
  std::vector<Pipeline> pipelines_;  // of each dispatch
  Handle<VkDescriptorPool> pool_;
  std::vector<VkDescriptorSet> sets_;  // of each dispatch
  Commands commands_;
};

}  // namespace unmask::vulkan
