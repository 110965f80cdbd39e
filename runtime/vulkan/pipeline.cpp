#include "vulkan/pipeline.h"

#include <string_view>

#include "vulkan/device.h"
#include "vulkan/pipeline_cache.h"

namespace unmask::vulkan {
namespace {

Handle<VkDescriptorSetLayout> make_set_layout(const Device& device, uint32_t buffers) {
  std::vector<VkDescriptorSetLayoutBinding> bindings(buffers);
  for (uint32_t i = 0; i < buffers; ++i)
    bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  VkDescriptorSetLayoutCreateInfo create{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
  create.bindingCount = buffers;
  create.pBindings = bindings.data();
  VkDescriptorSetLayout made = VK_NULL_HANDLE;
  check(device.vk().vkCreateDescriptorSetLayout(device.handle(), &create, nullptr, &made),
        "vkCreateDescriptorSetLayout");
  return {device.handle(), made, device.vk().vkDestroyDescriptorSetLayout};
}

Handle<VkPipelineLayout> make_pipeline_layout(const Device& device, VkDescriptorSetLayout set,
                                              uint32_t push_bytes) {
  const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes};
  VkPipelineLayoutCreateInfo create{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  create.setLayoutCount = 1;
  create.pSetLayouts = &set;
  create.pushConstantRangeCount = push_bytes == 0 ? 0 : 1;
  create.pPushConstantRanges = &range;
  VkPipelineLayout made = VK_NULL_HANDLE;
  check(device.vk().vkCreatePipelineLayout(device.handle(), &create, nullptr, &made),
        "vkCreatePipelineLayout");
  return {device.handle(), made, device.vk().vkDestroyPipelineLayout};
}

Handle<VkShaderModule> make_module(const Device& device, const graph::Kernel& kernel) {
  VkShaderModuleCreateInfo create{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  create.codeSize = kernel.spirv.size_bytes();
  create.pCode = kernel.spirv.data();
  VkShaderModule made = VK_NULL_HANDLE;
  check(device.vk().vkCreateShaderModule(device.handle(), &create, nullptr, &made), "vkCreateShaderModule");
  return {device.handle(), made, device.vk().vkDestroyShaderModule};
}

Handle<VkPipelineCache> make_cache(const Device& device) {
  const std::string& folder = device.settings().cache_folder;
  std::vector<std::byte> saved;
  if (!folder.empty()) saved = load_pipeline_cache(folder, device.info().properties).value_or(saved);
  VkPipelineCacheCreateInfo create{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
  create.initialDataSize = saved.size();
  create.pInitialData = saved.data();
  VkPipelineCache made = VK_NULL_HANDLE;
  check(device.vk().vkCreatePipelineCache(device.handle(), &create, nullptr, &made), "vkCreatePipelineCache");
  return {device.handle(), made, device.vk().vkDestroyPipelineCache};
}

void save_cache(const Device& device, VkPipelineCache cache) {
  size_t bytes = 0;
  if (device.vk().vkGetPipelineCacheData(device.handle(), cache, &bytes, nullptr) != VK_SUCCESS) return;
  std::vector<std::byte> data(bytes);
  if (device.vk().vkGetPipelineCacheData(device.handle(), cache, &bytes, data.data()) != VK_SUCCESS) return;
  data.resize(bytes);
  save_pipeline_cache(device.settings().cache_folder, device.info().properties, data);
}

bool fixes_subgroup_size(const graph::Kernel& kernel, const DeviceProperties& p) {
  return has(kernel.requirements, graph::Requirement::subgroup_broadcast) && p.subgroup_size_control;
}

// A kernel built on broadcast may name the size it was specialised for; otherwise it gets the device's own.
uint32_t subgroup_size(const graph::Kernel& kernel, const std::vector<uint32_t>& constants, uint32_t native) {
  for (size_t i = 0; i < kernel.constants.size(); ++i)
    if (std::string_view(kernel.constants[i].name) == "subgroup_size") return constants[i];
  return native;
}

}  // namespace

Pipelines::Pipelines(Device& device) : device_(device), cache_(make_cache(device)) {}

Pipelines::~Pipelines() {
  if (cache_grew_ && !device_.settings().cache_folder.empty()) save_cache(device_, cache_.get());
}

const Pipelines::Layout& Pipelines::layout(uint32_t buffers, uint32_t push_bytes) {
  const auto [entry, fresh] = layouts_.try_emplace({buffers, push_bytes});
  Layout& layout = entry->second;
  if (!layout.set) layout.set = make_set_layout(device_, buffers);
  if (!layout.pipeline) layout.pipeline = make_pipeline_layout(device_, layout.set.get(), push_bytes);
  return layout;
}

Handle<VkPipeline> Pipelines::make(const graph::Kernel& kernel, const std::vector<uint32_t>& constants,
                                   VkPipelineLayout layout) {
  std::vector<VkSpecializationMapEntry> entries(constants.size());
  for (uint32_t i = 0; i < entries.size(); ++i) entries[i] = {kernel.constants[i].id, i * 4, 4};
  const VkSpecializationInfo specialization{static_cast<uint32_t>(entries.size()), entries.data(),
                                            constants.size() * 4, constants.data()};
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo required{
      VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO};
  required.requiredSubgroupSize = subgroup_size(kernel, constants, device_.traits().subgroup_size);

  const Handle<VkShaderModule> module = make_module(device_, kernel);
  VkComputePipelineCreateInfo create{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  create.flags = VK_PIPELINE_CREATE_DISPATCH_BASE;
  create.layout = layout;
  create.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  create.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  create.stage.module = module.get();
  create.stage.pName = "main";
  create.stage.pSpecializationInfo = &specialization;
  if (fixes_subgroup_size(kernel, device_.info().properties)) {
    create.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    create.stage.pNext = &required;
  }
  VkPipeline made = VK_NULL_HANDLE;
  check(device_.vk().vkCreateComputePipelines(device_.handle(), cache_.get(), 1, &create, nullptr, &made),
        "vkCreateComputePipelines");
  cache_grew_ = true;
  return {device_.handle(), made, device_.vk().vkDestroyPipeline};
}

size_t Pipelines::count() {
  const std::lock_guard lock(mutex_);
  return pipelines_.size();
}

Pipeline Pipelines::get(const graph::Kernel& kernel, const std::vector<uint32_t>& constants) {
  require((kernel.requirements & ~device_.traits().requirements) == 0, Status::unsupported,
          "The device '{}' cannot run the kernel '{}': it lacks a feature the kernel needs.",
          device_.info().name, kernel.name);
  const std::lock_guard lock(mutex_);
  const Layout& shared = layout(static_cast<uint32_t>(kernel.buffers.size()), kernel.push_bytes);
  Handle<VkPipeline>& pipeline = pipelines_[{&kernel, constants}];
  if (!pipeline) pipeline = make(kernel, constants, shared.pipeline.get());
  return {pipeline.get(), shared.pipeline.get(), shared.set.get()};
}

}  // namespace unmask::vulkan
