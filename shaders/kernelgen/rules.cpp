#include "rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <string_view>

#include <spirv_cross/spirv.hpp>

#include "base/error.h"
#include "graph/kernel.h"

namespace unmask::kernelgen {
namespace {

using graph::Requirement;

struct RequirementName {
  std::string_view name;
  Requirement requirement;
};
constexpr std::array requirement_names = {
    RequirementName{"subgroup_broadcast", Requirement::subgroup_broadcast},
};

struct CapabilityRule {
  uint32_t capability;
  Requirement unlocked_by;
};
constexpr std::array capability_rules = {
    CapabilityRule{spv::CapabilityShader, Requirement::none},
    CapabilityRule{spv::CapabilityGroupNonUniform, Requirement::subgroup_broadcast},
    CapabilityRule{spv::CapabilityGroupNonUniformBallot, Requirement::subgroup_broadcast},
};

constexpr size_t max_buffers = 8;
constexpr uint32_t max_push_bytes = 128;
constexpr uint32_t max_shared_bytes = 16384;
constexpr uint32_t max_invocations = 128;

template <typename... Args>
void rule(bool kept, const std::string& shader, fmt::format_string<Args...> sentence, Args&&... args) {
  if (!kept) fail(Status::unsupported, "{}: {}", shader, fmt::format(sentence, std::forward<Args>(args)...));
}

bool allowed(uint32_t capability, uint32_t requirements) {
  return std::ranges::any_of(capability_rules, [&](const CapabilityRule& r) {
    return r.capability == capability &&
           (r.unlocked_by == Requirement::none || has(requirements, r.unlocked_by));
  });
}

void check_buffers(const std::string& shader, const Interface& interface) {
  rule(interface.other_resources.empty(), shader, "'{}' is not a storage buffer; kernels bind nothing else.",
       interface.other_resources.empty() ? "" : interface.other_resources.front());
  rule(interface.buffers.size() <= max_buffers, shader,
       "binds {} storage buffers; every device offers only {}.", interface.buffers.size(), max_buffers);
  for (size_t i = 0; i < interface.buffers.size(); ++i) {
    const BufferInterface& b = interface.buffers[i];
    rule(b.set == 0 && b.binding == i, shader,
         "buffer '{}' is at set {}, binding {}; bindings must be set 0 and 0, 1, 2, ... without gaps.",
         b.name, b.set, b.binding);
    rule(b.members == 1, shader,
         "the block of buffer '{}' has {} members; give it one array, whose name it takes.", b.name,
         b.members);
    rule(b.reads || b.writes, shader, "buffer '{}' is both readonly and writeonly.", b.name);
  }
}

void check_push(const std::string& shader, const Interface& interface) {
  rule(interface.push_bytes <= max_push_bytes, shader,
       "has {} bytes of push constants; every device offers only {}.", interface.push_bytes, max_push_bytes);
  for (const PushField& f : interface.push)
    rule(f.type != Scalar::other && f.type != Scalar::boolean, shader,
         "push constant '{}' is not a uint, int or float; vectors and booleans are laid out differently in "
         "C++.",
         f.name);
}

void check_constants(const std::string& shader, const Interface& interface) {
  for (size_t i = 0; i < interface.constants.size(); ++i) {
    const ConstantInterface& c = interface.constants[i];
    rule(!c.name.empty(), shader, "specialisation constant {} has no name; declare it as a constant as well.",
         c.id);
    rule(c.id == i, shader, "specialisation constant '{}' has id {}; ids must be 0, 1, 2, ... without gaps.",
         c.name, c.id);
    rule(c.type != Scalar::other, shader, "specialisation constant '{}' is not a uint, int, float or bool.",
         c.name);
  }
}

void check_limits(const std::string& shader, const Interface& interface) {
  rule(interface.shared_bytes <= max_shared_bytes, shader,
       "uses {} bytes of shared memory; every device offers only {}.", interface.shared_bytes,
       max_shared_bytes);
  rule(interface.workgroup_invocations <= max_invocations, shader,
       "has workgroups of {} invocations; every device offers only {}.", interface.workgroup_invocations,
       max_invocations);
}

}  // namespace

uint32_t read_requirements(const std::string& shader, const std::string& text) {
  uint32_t bits = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with("//");) {
    std::istringstream words(line);
    std::string slashes, key;
    words >> slashes >> key;
    if (key != "requires:") continue;
    for (std::string name; words >> name;) {
      const auto found = std::ranges::find(requirement_names, name, &RequirementName::name);
      rule(found != requirement_names.end(), shader, "requires '{}', which no device plan knows.", name);
      bits |= static_cast<uint32_t>(found->requirement);
    }
  }
  return bits;
}

void check(const std::string& shader, const Interface& interface, uint32_t requirements) {
  for (const uint32_t c : interface.capabilities)
    rule(allowed(c, requirements), shader,
         "uses SPIR-V capability {}, which the base path does not have; a '// requires:' line may unlock it.",
         c);
  check_buffers(shader, interface);
  check_push(shader, interface);
  check_constants(shader, interface);
  check_limits(shader, interface);
}

}  // namespace unmask::kernelgen
