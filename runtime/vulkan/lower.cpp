#include "vulkan/lower.h"

#include <algorithm>
#include <utility>

#include "vulkan/barriers.h"
#include "vulkan/buffer.h"
#include "vulkan/device.h"

namespace unmask::vulkan {
namespace {

// Ops choose grids and slices from the traits; a breach is our own defect, but one that must not reach a
// driver.
void check_limits(const graph::Dispatch& d, const graph::Traits& traits) {
  const uint32_t groups = std::max({d.grid.x, d.grid.y, d.grid.z});
  require(groups <= traits.max_groups, Status::internal,
          "'{}' ({}) asks for {} workgroups; the device takes {}.", d.kernel->name, d.label, groups,
          traits.max_groups);
  for (size_t i = 0; i < d.buffers.size(); ++i) {
    const graph::Slice& s = d.buffers[i];
    const char* name = d.kernel->buffers[i].name;
    require(s.size > 0 && s.size <= traits.max_storage_range, Status::internal,
            "'{}' ({}) binds {} bytes to '{}'; the device takes 1 to {}.", d.kernel->name, d.label, s.size,
            name, traits.max_storage_range);
    require(s.offset % traits.storage_alignment == 0, Status::internal,
            "'{}' ({}) binds '{}' at byte {}, which is no multiple of {}.", d.kernel->name, d.label, name,
            s.offset, traits.storage_alignment);
  }
}

bool starts_at_zero(const Piece& piece) {
  return piece.base.x == 0 && piece.base.y == 0 && piece.base.z == 0;
}

// vkCmdDispatch where it will do: synchronisation validation does not follow vkCmdDispatchBase.
void dispatch_piece(const VolkDeviceTable& vk, VkCommandBuffer commands, const Piece& piece) {
  const graph::Grid &base = piece.base, &count = piece.count;
  if (starts_at_zero(piece)) {
    vk.vkCmdDispatch(commands, count.x, count.y, count.z);
  } else {
    vk.vkCmdDispatchBase(commands, base.x, base.y, base.z, count.x, count.y, count.z);
  }
}

}  // namespace

Lowered::Lowered(std::shared_ptr<Device> device, const graph::Recording& recording,
                 const std::vector<Submission>& submissions, LowerOptions options)
    : device_(std::move(device)), options_(options), commands_(device_) {
  for (const graph::Dispatch& d : recording.dispatches()) {
    check_limits(d, device_->traits());
    pipelines_.push_back(device_->pipelines().get(*d.kernel, d.constants));
  }
  if (pipelines_.empty()) return;
  make_descriptor_sets(recording);
  if (options_.timed) prepare_timestamps(submissions);
  record(recording, submissions);
}

void Lowered::make_descriptor_sets(const graph::Recording& recording) {
  const VolkDeviceTable& vk = device_->vk();
  const auto& dispatches = recording.dispatches();
  uint32_t buffers = 0;
  for (const graph::Dispatch& d : dispatches) buffers += static_cast<uint32_t>(d.buffers.size());
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, buffers};
  VkDescriptorPoolCreateInfo create{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  create.maxSets = static_cast<uint32_t>(dispatches.size());
  create.poolSizeCount = 1;
  create.pPoolSizes = &size;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  check(vk.vkCreateDescriptorPool(device_->handle(), &create, nullptr, &pool), "vkCreateDescriptorPool");
  pool_ = {device_->handle(), pool, vk.vkDestroyDescriptorPool};

  std::vector<VkDescriptorSetLayout> layouts;
  for (const Pipeline& p : pipelines_) layouts.push_back(p.set_layout);
  VkDescriptorSetAllocateInfo allocate{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  allocate.descriptorPool = pool;
  allocate.descriptorSetCount = static_cast<uint32_t>(layouts.size());
  allocate.pSetLayouts = layouts.data();
  sets_.resize(layouts.size());
  check(vk.vkAllocateDescriptorSets(device_->handle(), &allocate, sets_.data()), "vkAllocateDescriptorSets");
  for (size_t i = 0; i < sets_.size(); ++i) write_set(dispatches[i], sets_[i]);
}

void Lowered::write_set(const graph::Dispatch& dispatch, VkDescriptorSet set) const {
  std::vector<VkDescriptorBufferInfo> infos;
  for (const graph::Slice& slice : dispatch.buffers) {
    const VulkanBuffer& buffer = buffer_of(slice, *device_);
    infos.push_back({buffer.handle(), buffer.base() + slice.offset, slice.size});
  }
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = set;
  write.descriptorCount = static_cast<uint32_t>(infos.size());
  write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  write.pBufferInfo = infos.data();
  device_->vk().vkUpdateDescriptorSets(device_->handle(), 1, &write, 0, nullptr);
}

void Lowered::prepare_timestamps(const std::vector<Submission>& submissions) {
  for (const Submission& submission : submissions)
    for (const Piece& piece : submission) timed_dispatches_.push_back(piece.dispatch);
  timestamps_.emplace(device_, static_cast<uint32_t>(timed_dispatches_.size()) + 1);
}

// Barriers order all work on the queue, so those of one command buffer hold for the submissions before it
// too.
void Lowered::record(const graph::Recording& recording, const std::vector<Submission>& submissions) {
  const std::vector<bool> waits = schedule_barriers(recording);
  for (const Submission& submission : submissions) {
    commands_.begin();
    if (&submission == &submissions.front()) record_start();
    for (const Piece& piece : submission) {
      const bool wait = starts_at_zero(piece) && waits[piece.dispatch];
      if (wait || options_.timed) wait_for_dispatches();
      record_piece(recording.dispatches()[piece.dispatch], piece);
      if (options_.timed) timestamps_->mark(commands_.current());
    }
    if (&submission == &submissions.back()) record_end();
    commands_.end();
  }
}

// Waits for whatever earlier programs and copies did.
void Lowered::record_start() {
  if (options_.barriers)
    commands_.barrier(device_stages, device_writes, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, shader_access);
  if (options_.timed) timestamps_->reset(commands_.current()), timestamps_->mark(commands_.current());
}

void Lowered::wait_for_dispatches() {
  if (options_.barriers)
    commands_.barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                      VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, shader_access);
}

// Makes what the program wrote visible to copies and to the host.
void Lowered::record_end() {
  if (options_.barriers)
    commands_.barrier(VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                      VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_HOST_BIT,
                      transfer_access | VK_ACCESS_HOST_READ_BIT);
}

void Lowered::record_piece(const graph::Dispatch& dispatch, const Piece& piece) {
  const VolkDeviceTable& vk = device_->vk();
  const VkCommandBuffer commands = commands_.current();
  const Pipeline& pipeline = pipelines_[piece.dispatch];
  vk.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.pipeline);
  vk.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1,
                             &sets_[piece.dispatch], 0, nullptr);
  if (dispatch.kernel->push_bytes != 0)
    vk.vkCmdPushConstants(commands, pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                          dispatch.kernel->push_bytes, dispatch.push.data());
  dispatch_piece(vk, commands, piece);
}

std::vector<double> Lowered::seconds() const {
  std::vector<double> seconds(pipelines_.size(), 0);
  if (!timestamps_) return seconds;
  const std::vector<double> intervals = timestamps_->intervals();
  for (size_t i = 0; i < intervals.size(); ++i) seconds[timed_dispatches_[i]] += intervals[i];
  return seconds;
}

}  // namespace unmask::vulkan
