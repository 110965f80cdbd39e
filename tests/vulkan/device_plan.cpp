// The device plan on recorded property sets: what is used, what is refused, and that every decision has its
// reason.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vulkan/properties_json.h"

namespace unmask::vulkan {
namespace {

using graph::DeviceClass;
using graph::Requirement;
using testing::HasSubstr;
using testing::IsEmpty;

DeviceProperties recorded(const std::string& device) {
  std::ifstream file(UNMASK_TEST_DATA "/devices/" + device + ".json");
  return nlohmann::json::parse(file).get<DeviceProperties>();
}

std::string reason(const DevicePlan& plan, std::string_view feature) {
  for (const FeatureDecision& d : plan.features)
    if (d.feature == feature) return d.reason;
  return "(missing)";
}

TEST(DevicePlan, DesktopUsesEveryFastPathThatKernelsHave) {
  const DevicePlan plan = plan_device(recorded("desktop"));
  EXPECT_THAT(plan.refusal, IsEmpty());
  EXPECT_EQ(plan.traits.device_class, DeviceClass::discrete);
  EXPECT_EQ(plan.traits.subgroup_size, 64u);
  EXPECT_EQ(plan.traits.max_groups, 65535u);
  EXPECT_EQ(plan.traits.max_storage_range, 2048ull << 20) << "one allocation is the limit here";
  EXPECT_TRUE(has(plan.traits.requirements, Requirement::subgroup_broadcast));
  for (const char* feature : {"16-bit storage", "fp16 arithmetic", "cooperative matrix"}) {
    EXPECT_FALSE(plan.uses(feature));
    EXPECT_THAT(reason(plan, feature), HasSubstr("no kernel"));
  }
}

TEST(DevicePlan, PhoneRunsOnTheBasePath) {
  const DevicePlan plan = plan_device(recorded("phone"));
  EXPECT_THAT(plan.refusal, IsEmpty());
  EXPECT_EQ(plan.traits.device_class, DeviceClass::mobile);
  EXPECT_EQ(plan.traits.requirements, 0u);
  EXPECT_EQ(plan.traits.subgroup_size, 0u);
  EXPECT_EQ(plan.traits.shared_memory, 16384u);
  EXPECT_EQ(plan.traits.max_storage_range, 128ull << 20);
  EXPECT_EQ(plan.traits.storage_alignment, 256u);
  EXPECT_FALSE(plan.uses("timestamps"));
  EXPECT_THAT(reason(plan, "subgroup broadcast"), HasSubstr("cannot be fixed"));
}

TEST(DevicePlan, SoftwareDriversFixTheirSubgroups) {
  const DevicePlan lavapipe = plan_device(recorded("lavapipe"));
  EXPECT_EQ(lavapipe.traits.device_class, DeviceClass::software);
  EXPECT_EQ(lavapipe.traits.subgroup_size, 8u);
  EXPECT_EQ(lavapipe.traits.max_storage_range, 128ull << 20);
  const DevicePlan swiftshader = plan_device(recorded("swiftshader"));
  EXPECT_EQ(swiftshader.traits.device_class, DeviceClass::software);
  EXPECT_EQ(swiftshader.traits.subgroup_size, 4u);
  EXPECT_THAT(reason(swiftshader, "fp16 arithmetic"), HasSubstr("does not offer"));
}

TEST(DevicePlan, RefusesWithASentence) {
  EXPECT_THAT(plan_device(recorded("too_small")).refusal,
              HasSubstr("it offers 4 storage buffers per shader stage"));
  const auto refusal_with = [](auto change) {
    DeviceProperties p = recorded("phone");
    change(p);
    return plan_device(p).refusal;
  };
  EXPECT_THAT(refusal_with([](auto& p) { p.workgroup_invocations = 127; }), HasSubstr("127 invocations"));
  EXPECT_THAT(refusal_with([](auto& p) { p.shared_memory = 16383; }),
              HasSubstr("16383 bytes of shared memory"));
  EXPECT_THAT(refusal_with([](auto& p) { p.push_constants = 127; }),
              HasSubstr("127 bytes of push constants"));
  EXPECT_THAT(refusal_with([](auto& p) { p.compute_queue = false; }), HasSubstr("no compute queue"));
  EXPECT_THAT(refusal_with([](auto& p) { p.api_version = 1u << 22; }), HasSubstr("Vulkan 1.0"));
}

TEST(DevicePlan, SubgroupsOfOneSizeNeedNoSizeControl) {
  DeviceProperties p = recorded("phone");
  p.min_subgroup_size = p.max_subgroup_size = p.subgroup_size = 16;
  EXPECT_EQ(plan_device(p).traits.subgroup_size, 0u) << "a subgroup may still be partly filled";
  p.compute_full_subgroups = true;
  EXPECT_EQ(plan_device(p).traits.subgroup_size, 16u);
  p.subgroup_ballot_in_compute = false;
  EXPECT_EQ(plan_device(p).traits.subgroup_size, 0u);
}

TEST(DevicePlan, EveryFeatureHasAReasonOnEveryDevice) {
  const size_t features = plan_device(recorded("desktop")).features.size();
  for (const char* device : {"desktop", "phone", "lavapipe", "swiftshader", "too_small"}) {
    const DevicePlan plan = plan_device(recorded(device));
    EXPECT_EQ(plan.features.size(), features) << device;
    for (const FeatureDecision& d : plan.features)
      EXPECT_FALSE(d.reason.empty()) << device << ": " << d.feature;
  }
}

}  // namespace
}  // namespace unmask::vulkan
