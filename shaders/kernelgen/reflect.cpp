#include <algorithm>

#include <spirv_cross/spirv_cross.hpp>

#include "interface.h"

namespace unmask::kernelgen {
namespace {

using spirv_cross::SPIRType;
using spirv_cross::SPIRVariable;

Scalar scalar(const SPIRType& type) {
  if (type.vecsize != 1 || type.columns != 1 || !type.array.empty()) return Scalar::other;
  switch (type.basetype) {
    case SPIRType::UInt:
      return Scalar::uint32;
    case SPIRType::Int:
      return Scalar::int32;
    case SPIRType::Float:
      return Scalar::float32;
    case SPIRType::Boolean:
      return Scalar::boolean;
    default:
      return Scalar::other;
  }
}

// Derives to reach the constant evaluator: array sizes may be expressions of specialisation constants.
class Reflection : public spirv_cross::Compiler {
 public:
  explicit Reflection(std::span<const uint32_t> spirv) : Compiler(spirv.data(), spirv.size()) {}

  Interface read() {
    const spirv_cross::ShaderResources resources = get_shader_resources();
    for (const auto& r : resources.storage_buffers) interface_.buffers.push_back(buffer(r));
    std::ranges::sort(interface_.buffers, {},
                      [](const BufferInterface& b) { return std::pair(b.set, b.binding); });
    for (const auto& r : resources.push_constant_buffers) read_push(r);
    read_constants();
    for (const auto* list :
         {&resources.uniform_buffers, &resources.storage_images, &resources.sampled_images,
          &resources.separate_images, &resources.separate_samplers, &resources.subpass_inputs})
      for (const auto& r : *list) interface_.other_resources.push_back(r.name);
    for (const spv::Capability c : get_declared_capabilities()) interface_.capabilities.insert(c);
    interface_.workgroup_invocations = invocations();
    interface_.shared_bytes = shared_bytes();
    return interface_;
  }

 private:
  BufferInterface buffer(const spirv_cross::Resource& r) {
    const SPIRType& block = get_type(r.base_type_id);
    const spirv_cross::Bitset flags = get_buffer_block_flags(r.id);
    return {.name = get_member_name(block.self, 0),
            .set = get_decoration(r.id, spv::DecorationDescriptorSet),
            .binding = get_decoration(r.id, spv::DecorationBinding),
            .members = static_cast<uint32_t>(block.member_types.size()),
            .reads = !flags.get(spv::DecorationNonReadable),
            .writes = !flags.get(spv::DecorationNonWritable)};
  }

  void read_push(const spirv_cross::Resource& r) {
    const SPIRType& block = get_type(r.base_type_id);
    for (uint32_t i = 0; i < block.member_types.size(); ++i)
      interface_.push.push_back({get_member_name(block.self, i), scalar(get_type(block.member_types[i])),
                                 type_struct_member_offset(block, i)});
    interface_.push_bytes = static_cast<uint32_t>(get_declared_struct_size(block));
  }

  // local_size_x_id and a named constant of the same id are two SPIR-V constants: the named one describes
  // both.
  void read_constants() {
    for (const auto& c : get_specialization_constants()) {
      ConstantInterface next{get_name(c.id), c.constant_id,
                             scalar(get_type(get_constant(c.id).constant_type)), get_constant(c.id).scalar()};
      auto same = std::ranges::find(interface_.constants, c.constant_id, &ConstantInterface::id);
      if (same == interface_.constants.end())
        interface_.constants.push_back(next);
      else if (same->name.empty())
        *same = next;
    }
    std::ranges::sort(interface_.constants, {}, &ConstantInterface::id);
  }

  uint32_t invocations() {
    spirv_cross::SpecializationConstant axes[3];
    get_work_group_size_specialization_constants(axes[0], axes[1], axes[2]);
    uint32_t product = 1;
    for (uint32_t i = 0; i < 3; ++i) product *= axis(axes[i], i);
    return product;
  }

  uint32_t axis(const spirv_cross::SpecializationConstant& c, uint32_t index) {
    if (c.id == spirv_cross::ConstantID(0))
      return get_execution_mode_argument(spv::ExecutionModeLocalSize, index);
    return std::ranges::find(interface_.constants, c.constant_id, &ConstantInterface::id)->default_bits;
  }

  uint32_t shared_bytes() {
    uint32_t sum = 0;
    ir.for_each_typed_id<SPIRVariable>([&](uint32_t, const SPIRVariable& v) {
      if (v.storage == spv::StorageClassWorkgroup) sum += bytes(get_type_from_variable(v.self));
    });
    return sum;
  }

  uint32_t bytes(const SPIRType& type) {
    uint32_t one = type.width / 8 * type.vecsize * type.columns;
    if (type.basetype == SPIRType::Boolean) one = 4 * type.vecsize;
    if (type.basetype == SPIRType::Struct) {
      one = 0;
      for (const auto& member : type.member_types) one += bytes(get_type(member));
    }
    for (size_t i = 0; i < type.array.size(); ++i)
      one *= type.array_size_literal[i] ? type.array[i] : evaluate_constant_u32(type.array[i]);
    return one;
  }

  Interface interface_;
};

}  // namespace

Interface reflect(std::span<const uint32_t> spirv) { return Reflection(spirv).read(); }

}  // namespace unmask::kernelgen
