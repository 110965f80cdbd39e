// graph::Backend on Vulkan: one per thread, any number per device.
#include <utility>

#include "vulkan/device.h"
#include "vulkan/replay.h"
#include "vulkan/transfer.h"

namespace unmask::vulkan {
namespace {

class VulkanBackend final : public graph::Backend {
 public:
  explicit VulkanBackend(std::shared_ptr<Device> device) : device_(std::move(device)), transfer_(device_) {}

  const graph::Traits& traits() const override { return device_->traits(); }

  std::shared_ptr<graph::Buffer> allocate(uint64_t bytes, graph::Memory memory, const char* label) override {
    auto buffer = std::make_shared<VulkanBuffer>(device_, bytes, memory, label);
    transfer_.fill_zero(*buffer);
    return buffer;
  }
  void write(const graph::Slice& to, std::span<const std::byte> from) override { transfer_.write(to, from); }
  void read(const graph::Slice& from, std::span<std::byte> to) override { transfer_.read(from, to); }

  std::unique_ptr<graph::Program> prepare(graph::Recording recording) override {
    return std::make_unique<VulkanProgram>(device_, std::move(recording));
  }

  void run(graph::Program& program) override {
    auto& ours = static_cast<VulkanProgram&>(program);
    profiling_ ? run_profiled(ours) : ours.run();
  }

  void set_profiling(bool on) override { profiling_ = on; }
  graph::Profile profile() const override { return profile_; }
  void reset_profile() override { profile_.clear(); }

 private:
  void run_profiled(VulkanProgram& program) {
    const std::vector<double> seconds = program.run_timed();
    for (size_t i = 0; i < seconds.size(); ++i)
      profile_[program.recording().dispatches()[i].label] += seconds[i];
  }

  std::shared_ptr<Device> device_;
  Transfer transfer_;
  bool profiling_ = false;
  graph::Profile profile_;
};

}  // namespace

std::unique_ptr<graph::Backend> make_backend(std::shared_ptr<Device> device) {
  return std::make_unique<VulkanBackend>(std::move(device));
}

}  // namespace unmask::vulkan
