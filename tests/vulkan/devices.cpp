// Choosing a device, the settings of the environment, and what a real device says of itself.
#include "vulkan/devices.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "vulkan/fixture.h"

namespace unmask::vulkan {
namespace {

using graph::DeviceClass;
using testing::HasSubstr;

DeviceInfo made(uint32_t index, const char* name, DeviceClass device_class, const char* refusal = "") {
  DeviceInfo d;
  d.index = index, d.name = name, d.uuid = std::string(31, '0') + static_cast<char>('a' + index);
  d.plan.refusal = refusal;
  d.plan.traits.device_class = device_class;
  return d;
}

const std::vector<DeviceInfo> machine = {
    made(0, "llvmpipe", DeviceClass::software), made(1, "Intel Iris", DeviceClass::integrated),
    made(2, "Old Card", DeviceClass::discrete, "too old"), made(3, "Radeon RX", DeviceClass::discrete)};

TEST(ChooseDevice, TakesTheBestThatIsNotRefused) {
  EXPECT_EQ(choose_device(machine, "").name, "Radeon RX");
  EXPECT_EQ(choose_device({machine[0], machine[2]}, "").name, "llvmpipe");
}

TEST(ChooseDevice, FindsByIndexNameAndUuid) {
  EXPECT_EQ(choose_device(machine, "1").name, "Intel Iris");
  EXPECT_EQ(choose_device(machine, "radeon").name, "Radeon RX");
  EXPECT_EQ(choose_device(machine, std::string(31, '0') + "A").name, "llvmpipe");
}

TEST(ChooseDevice, SaysWhatIsMissing) {
  const auto message = [](const std::vector<DeviceInfo>& devices, const char* selector) -> std::string {
    try {
      choose_device(devices, selector);
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), Status::not_found);
      return e.what();
    }
    return {};
  };
  EXPECT_THAT(message(machine, "4"), HasSubstr("no device 4"));
  EXPECT_THAT(message(machine, "geforce"), HasSubstr("'geforce'"));
  EXPECT_THAT(message({}, ""), HasSubstr("install a driver"));
}

TEST(Devices, DescribeThemselves) {
  const std::vector<DeviceInfo> devices = list_devices();
  ASSERT_FALSE(devices.empty());
  for (const DeviceInfo& d : devices) {
    EXPECT_FALSE(d.name.empty());
    EXPECT_FALSE(d.driver.empty());
    EXPECT_EQ(d.uuid.size(), 32u);
    EXPECT_GT(d.memory, 0u);
    EXPECT_EQ(choose_device(devices, d.uuid).uuid, d.uuid);
  }
}

TEST(Devices, AreChosenByTheEnvironmentToo) {
  setenv("UNMASK_DEVICE", "no such device", 1);
  EXPECT_THROW(open_device(), Error);
  EXPECT_NO_THROW(open_device("0"));
  unsetenv("UNMASK_DEVICE");
}

TEST(Settings, ComeFromTheEnvironment) {
  setenv("UNMASK_REPLAY", "0", 1);
  setenv("UNMASK_SUBMIT_BUDGET_MS", "12.5", 1);
  setenv("UNMASK_CACHE_DIR", "", 1);
  const Settings s = Settings::from_environment();
  EXPECT_FALSE(s.replay);
  EXPECT_EQ(s.submit_budget_ms, 12.5);
  EXPECT_EQ(s.cache_folder, "");
  for (const char* wrong : {"0", "-3", "fast", "5 ms"}) {
    setenv("UNMASK_SUBMIT_BUDGET_MS", wrong, 1);
    EXPECT_THROW(Settings::from_environment(), Error) << wrong;
  }
  unsetenv("UNMASK_REPLAY"), unsetenv("UNMASK_SUBMIT_BUDGET_MS"), unsetenv("UNMASK_CACHE_DIR");
  EXPECT_TRUE(Settings::from_environment().replay);
  EXPECT_FALSE(Settings::from_environment().submit_budget_ms);
  setenv("XDG_CACHE_HOME", "/tmp/somewhere", 1);
  EXPECT_EQ(Settings::from_environment().cache_folder, "/tmp/somewhere/unmask");
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace unmask::vulkan
