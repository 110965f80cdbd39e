// How fast a device does the work of each label, learnt from timestamps; the estimates behind split().
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "graph/backend.h"

namespace unmask::vulkan {

// Thread-safe.
class Speeds {
 public:
  explicit Speeds(graph::DeviceClass device_class) : device_class_(device_class) {}

  // Seconds of each dispatch. Labels never measured are estimated from what a slow device of the class does.
  std::vector<double> estimate(const graph::Recording& recording) const;

  // `seconds`: measured, one per dispatch.
  void learn(const graph::Recording& recording, const std::vector<double>& seconds);

 private:
  double slowest_expected(const graph::Work& work) const;

  graph::DeviceClass device_class_;
  mutable std::mutex mutex_;
  std::map<std::string, double> measured_;  // label -> seconds per expected second
};

}  // namespace unmask::vulkan
