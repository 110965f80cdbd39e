// What the environment, or a test, sets for a device when it is opened.
#pragma once

#include <optional>
#include <string>

namespace unmask::vulkan {

struct Settings {
  // Longest a submission may keep the device busy. Empty: 50 ms, and no limit on software drivers, which no
  // watchdog resets. A value holds for every device. From UNMASK_SUBMIT_BUDGET_MS.
  std::optional<double> submit_budget_ms;
  // Off: every run lowers its recording again, which must not change a byte. From UNMASK_REPLAY (0).
  bool replay = true;
  // Where compiled pipelines are kept; empty: nowhere. UNMASK_CACHE_DIR, else XDG_CACHE_HOME/unmask, else
  // ~/.cache/unmask.
  std::string cache_folder;
  // Off: Memory::device is never mapped, so that transfers go through staging as on a discrete GPU. For
  // tests.
  bool map_device_memory = true;

  static Settings from_environment();
};

}  // namespace unmask::vulkan
