#include "vulkan/speeds.h"

#include <algorithm>
#include <cassert>

namespace unmask::vulkan {
namespace {

struct Rate {
  double flops, bytes;  // per second
};

// A slow device of each class with untuned kernels: the first run of a label must not outlast a watchdog.
Rate slow_rate(graph::DeviceClass device_class) {
  switch (device_class) {
    case graph::DeviceClass::software:
      return {2e9, 1e9};
    case graph::DeviceClass::mobile:
      return {10e9, 2e9};
    case graph::DeviceClass::integrated:
      return {50e9, 5e9};
    case graph::DeviceClass::discrete:
      return {500e9, 50e9};
  }
  return {2e9, 1e9};
}

// What a dispatch costs whatever its work; keeps estimates of tiny dispatches above zero.
constexpr double launch_seconds = 5e-6;

}  // namespace

double Speeds::slowest_expected(const graph::Work& work) const {
  const Rate rate = slow_rate(device_class_);
  const auto flops = static_cast<double>(std::max(work.flops, work.flops_executed));
  return launch_seconds + std::max(flops / rate.flops, static_cast<double>(work.bytes) / rate.bytes);
}

std::vector<double> Speeds::estimate(const graph::Recording& recording) const {
  const std::lock_guard lock(mutex_);
  std::vector<double> seconds;
  for (const graph::Dispatch& d : recording.dispatches()) {
    const auto measured = measured_.find(d.label);
    const double correction = measured == measured_.end() ? 1 : measured->second;
    seconds.push_back(slowest_expected(d.work) * correction);
  }
  return seconds;
}

void Speeds::learn(const graph::Recording& recording, const std::vector<double>& seconds) {
  assert(seconds.size() == recording.dispatches().size());
  struct Sum {
    double measured = 0, expected = 0;
  };
  std::map<std::string, Sum> sums;
  for (size_t i = 0; i < seconds.size(); ++i) {
    const graph::Dispatch& d = recording.dispatches()[i];
    Sum& sum = sums[d.label];
    sum.measured += seconds[i], sum.expected += slowest_expected(d.work);
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [label, sum] : sums) measured_[label] = sum.measured / sum.expected;
}

}  // namespace unmask::vulkan
