// A device without memory or arithmetic, on which models of any size can be decoded to count the work: it
// allocates nothing but what host and device share, and of a program it runs only the choice of commits,
// which takes a sequence's candidates in their order.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "graph/backend.h"
#include "tensor/layouts.h"

namespace unmask::tests {

class CountingBackend final : public graph::Backend {
 public:
  const graph::Traits& traits() const override { return traits_; }

  std::shared_ptr<graph::Buffer> allocate(uint64_t bytes, graph::Memory memory, const char*) override {
    return std::make_shared<Bytes>(bytes, memory == graph::Memory::shared);
  }

  void write(const graph::Slice& to, std::span<const std::byte> from) override {
    std::vector<std::byte>& bytes = bytes_of(to);
    if (!bytes.empty()) std::ranges::copy(from, bytes.begin() + static_cast<ptrdiff_t>(to.offset));
  }
  void read(const graph::Slice& from, std::span<std::byte> to) override {
    std::copy_n(bytes_of(from).begin() + static_cast<ptrdiff_t>(from.offset), to.size(), to.begin());
  }

  std::unique_ptr<graph::Program> prepare(graph::Recording recording) override {
    return std::make_unique<Counted>(std::move(recording));
  }

  void run(graph::Program& program) override {
    for (const graph::Dispatch& d : program.recording().dispatches())
      if (std::string_view(d.label) == "select and commit") commit(d);
  }

  void set_profiling(bool) override {}
  graph::Profile profile() const override { return {}; }
  void reset_profile() override {}

 private:
  struct Bytes final : graph::Buffer {
    Bytes(uint64_t size, bool shared) : size_(size), bytes(shared ? size : 0) {}
    uint64_t size() const override { return size_; }
    uint64_t size_;
    std::vector<std::byte> bytes;
  };
  struct Counted final : graph::Program {
    explicit Counted(graph::Recording r) : recorded(std::move(r)) {}
    const graph::Recording& recording() const override { return recorded; }
    graph::Recording recorded;
  };

  static std::vector<std::byte>& bytes_of(const graph::Slice& s) {
    return dynamic_cast<Bytes&>(*s.buffer).bytes;
  }

  static std::byte* buffer(const graph::Dispatch& d, std::string_view name) {
    for (size_t i = 0; i < d.buffers.size(); ++i)
      if (d.kernel->buffers[i].name == name) return bytes_of(d.buffers[i]).data() + d.buffers[i].offset;
    return nullptr;
  }

  static void commit(const graph::Dispatch& d) {
    const auto* sequences = reinterpret_cast<const tensor::SequenceStep*>(buffer(d, "sequences"));
    const auto* candidates = reinterpret_cast<const tensor::Candidate*>(buffer(d, "candidates"));
    const uint32_t stride = 4 * d.push_as<uint32_t>();
    for (uint32_t s = 0; s < d.grid.x; ++s) {
      std::byte* result = buffer(d, "results") + size_t{s} * stride;
      const uint32_t commits = sequences[s].commit_count;
      const tensor::CommitHeader header = {
          .commits = commits, .edits = 0, .reported = commits, .reserved = 0};
      std::memcpy(result, &header, sizeof(header));
      for (uint32_t i = 0; i < header.commits; ++i) {
        const tensor::Commit commit = {candidates[sequences[s].candidate_begin + i].slot, 1};
        std::memcpy(result + sizeof(header) + i * sizeof(commit), &commit, sizeof(commit));
      }
    }
  }

  graph::Traits traits_{.device_class = graph::DeviceClass::discrete, .max_storage_range = 4ull << 30};
};

}  // namespace unmask::tests
