// graph::Backend on Vulkan: one per thread, any number per device.
#include <utility>

#include "vulkan/device.h"
#include "vulkan/lower.h"
#include "vulkan/transfer.h"

namespace unmask::vulkan {
namespace {

class VulkanBackend final : public graph::Backend {
 public:
  explicit VulkanBackend(std::shared_ptr<Device> device) : device_(device), transfer_(device) {}

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
  void run(graph::Program& program) override { static_cast<VulkanProgram&>(program).run(); }

  void set_profiling(bool) override {}
  graph::Profile profile() const override { return {}; }
  void reset_profile() override {}

 private:
  std::shared_ptr<Device> device_;
  Transfer transfer_;
};

}  // namespace

std::unique_ptr<graph::Backend> make_backend(std::shared_ptr<Device> device) {
  return std::make_unique<VulkanBackend>(std::move(device));
}

}  // namespace unmask::vulkan
