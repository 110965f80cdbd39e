#include "vulkan/lower.h"

#include <algorithm>
#include <cassert>

#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

constexpr VkPipelineStageFlags shader_stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
constexpr VkAccessFlags shader_access = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;

}  // namespace

VulkanProgram::VulkanProgram(std::shared_ptr<Device> device, graph::Recording recording)
    : device_(device), recording_(std::move(recording)), commands_(device) {
  for (const graph::Dispatch& d : recording_.dispatches())
    pipelines_.push_back(device_->pipelines().get(*d.kernel, d.constants));
  make_descriptor_sets();
  record();
}

void VulkanProgram::make_descriptor_sets() {
  const VolkDeviceTable& vk = device_->vk();
  const auto& dispatches = recording_.dispatches();
  uint32_t buffers = 1;
  for (const graph::Dispatch& d : dispatches) buffers += static_cast<uint32_t>(d.buffers.size());
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, buffers};
  VkDescriptorPoolCreateInfo create{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  create.maxSets = static_cast<uint32_t>(dispatches.size()) + 1;
  create.poolSizeCount = 1;
  create.pPoolSizes = &size;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  check(vk.vkCreateDescriptorPool(device_->handle(), &create, nullptr, &pool), "vkCreateDescriptorPool");
  pool_ = {device_->handle(), pool, vk.vkDestroyDescriptorPool};

  sets_.resize(dispatches.size());
  if (sets_.empty()) return;
  std::vector<VkDescriptorSetLayout> layouts;
  for (const Pipeline& p : pipelines_) layouts.push_back(p.set_layout);
  VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  allocate.descriptorPool = pool;
  allocate.descriptorSetCount = static_cast<uint32_t>(layouts.size());
  allocate.pSetLayouts = layouts.data();
  check(vk.vkAllocateDescriptorSets(device_->handle(), &allocate, sets_.data()), "vkAllocateDescriptorSets");
  for (size_t i = 0; i < sets_.size(); ++i) write_set(dispatches[i], sets_[i]);
}

void VulkanProgram::write_set(const graph::Dispatch& dispatch, VkDescriptorSet set) {
  std::vector<VkDescriptorBufferInfo> infos;
  for (const graph::Slice& slice : dispatch.buffers) {
    const VulkanBuffer& buffer = buffer_of(slice, *device_);
    assert(slice.size <= device_->traits().max_storage_range);
    assert(slice.offset % device_->traits().storage_alignment == 0);
    infos.push_back({buffer.handle(), buffer.base() + slice.offset, slice.size});
  }
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = set;
  write.descriptorCount = static_cast<uint32_t>(infos.size());
  write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  write.pBufferInfo = infos.data();
  device_->vk().vkUpdateDescriptorSets(device_->handle(), 1, &write, 0, nullptr);
}

void VulkanProgram::record() {
  commands_.begin(0);
  commands_.barrier(shader_stage | VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
                    shader_access | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_HOST_WRITE_BIT, shader_stage,
                    shader_access);
  const auto& dispatches = recording_.dispatches();
  for (size_t i = 0; i < dispatches.size(); ++i) {
    if (i > 0) commands_.barrier(shader_stage, shader_access, shader_stage, shader_access);
    record_dispatch(dispatches[i], pipelines_[i], sets_[i]);
  }
  commands_.barrier(shader_stage, shader_access, VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
                    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_HOST_READ_BIT);
  commands_.end();
}

void VulkanProgram::record_dispatch(const graph::Dispatch& dispatch, const Pipeline& pipeline,
                                    VkDescriptorSet set) {
  const VolkDeviceTable& vk = device_->vk();
  vk.vkCmdBindPipeline(commands_.buffer(), VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.pipeline);
  vk.vkCmdBindDescriptorSets(commands_.buffer(), VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, &set,
                             0, nullptr);
  if (dispatch.kernel->push_bytes != 0)
    vk.vkCmdPushConstants(commands_.buffer(), pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                          dispatch.kernel->push_bytes, dispatch.push.data());
  vk.vkCmdDispatch(commands_.buffer(), dispatch.grid.x, dispatch.grid.y, dispatch.grid.z);
}

}  // namespace unmask::vulkan
