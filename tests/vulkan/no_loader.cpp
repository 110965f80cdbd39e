// A machine without Vulkan: the library loads there, and says what to install. A program of its own, because
// it hides the loader from the whole process.
#include <dlfcn.h>
#include <link.h>

#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "vulkan/devices.h"

// Takes the place of the C library's.
extern "C" void* dlopen(const char*, int) { return nullptr; }

namespace unmask::vulkan {
namespace {

TEST(NoLoader, IsNotLinkedTo) {
  bool linked = false;
  dl_iterate_phdr(
      [](dl_phdr_info* library, size_t, void* found) {
        *static_cast<bool*>(found) |=
            std::string_view(library->dlpi_name).find("libvulkan") != std::string_view::npos;
        return 0;
      },
      &linked);
  EXPECT_FALSE(linked);
}

TEST(NoLoader, IsSaidInASentence) {
  for (int attempt = 0; attempt < 2; ++attempt) try {
      list_devices();
      FAIL() << "a loader was found";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), Status::unsupported);
      EXPECT_THAT(e.what(), testing::HasSubstr("No Vulkan loader (libvulkan.so.1) was found: install"));
    }
}

}  // namespace
}  // namespace unmask::vulkan
