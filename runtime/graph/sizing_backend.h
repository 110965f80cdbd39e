// A backend that only adds up what would be allocated on a device of given traits.
#pragma once

#include "base/error.h"
#include "graph/backend.h"

namespace unmask::graph {

class SizingBackend final : public Backend {
 public:
  explicit SizingBackend(const Traits& traits) : traits_(traits) {}

  uint64_t bytes() const { return bytes_; }

  const Traits& traits() const override { return traits_; }
  std::shared_ptr<Buffer> allocate(uint64_t bytes, Memory, const char*) override {
    bytes_ += bytes;
    return std::make_shared<Nothing>(bytes);
  }
  void write(const Slice&, std::span<const std::byte>) override {}

  void read(const Slice&, std::span<std::byte>) override { refuse(); }
  std::unique_ptr<Program> prepare(Recording) override { refuse(); }
  void run(Program&) override { refuse(); }
  void set_profiling(bool) override {}
  Profile profile() const override { return {}; }
  void reset_profile() override {}

 private:
  class Nothing final : public Buffer {
   public:
    explicit Nothing(uint64_t bytes) : bytes_(bytes) {}
    uint64_t size() const override { return bytes_; }

   private:
    uint64_t bytes_;
  };
  [[noreturn]] static void refuse() { fail(Status::internal, "A device that is only measured cannot run."); }

  Traits traits_;
  uint64_t bytes_ = 0;
};

}  // namespace unmask::graph
