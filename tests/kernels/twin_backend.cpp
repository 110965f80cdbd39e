#include "kernels/twins.h"

namespace unmask::twins {
namespace {

class TwinProgram : public graph::Program {
 public:
  explicit TwinProgram(graph::Recording recording) : recording_(std::move(recording)) {}
  const graph::Recording& recording() const override { return recording_; }

 private:
  graph::Recording recording_;
};

class TwinBackend : public graph::Backend {
 public:
  const graph::Traits& traits() const override { return traits_; }

  std::shared_ptr<graph::Buffer> allocate(uint64_t bytes, graph::Memory, const char*) override {
    return std::make_shared<HostBuffer>(bytes);
  }

  void write(const graph::Slice& to, std::span<const std::byte> from) override {
    assert(from.size() <= to.size);
    std::memcpy(data(to), from.data(), from.size());
  }

  void read(const graph::Slice& from, std::span<std::byte> to) override {
    assert(to.size() <= from.size);
    std::memcpy(to.data(), data(from), to.size());
  }

  // Looks up every twin, so that a kernel without one fails here and not in the middle of a run.
  std::unique_ptr<graph::Program> prepare(graph::Recording recording) override {
    for (const graph::Dispatch& d : recording.dispatches()) find_twin(d.kernel->name);
    return std::make_unique<TwinProgram>(std::move(recording));
  }

  void run(graph::Program& program) override {
    for (const graph::Dispatch& d : program.recording().dispatches()) find_twin(d.kernel->name)(d);
  }

  void set_profiling(bool) override {}
  graph::Profile profile() const override { return {}; }
  void reset_profile() override {}

 private:
  static std::byte* data(const graph::Slice& s) {
    return dynamic_cast<HostBuffer&>(*s.buffer).bytes.data() + s.offset;
  }

  graph::Traits traits_;
};

}  // namespace

std::unique_ptr<graph::Backend> make_twin_backend() { return std::make_unique<TwinBackend>(); }

}  // namespace unmask::twins
