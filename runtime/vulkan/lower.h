// Turns a recording, cut into submissions, into command buffers that can be replayed.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "graph/backend.h"
#include "vulkan/commands.h"
#include "vulkan/pipeline.h"
#include "vulkan/profile.h"
#include "vulkan/split.h"

namespace unmask::vulkan {

struct LowerOptions {
  bool timed = false;    // timestamps around every piece, which then runs alone
  bool barriers = true;  // off only in the test that proves that validation notices
};

class Lowered {
 public:
  // `recording` is read here only. Throws internal if a dispatch breaks a limit of the device.
  Lowered(std::shared_ptr<Device> device, const graph::Recording& recording,
          const std::vector<Submission>& submissions, LowerOptions options);

  void run() { commands_.run(); }

  // Seconds of each dispatch in the last run; `timed` only.
  std::vector<double> seconds() const;

 private:
  void make_descriptor_sets(const graph::Recording& recording);
  void write_set(const graph::Dispatch& dispatch, VkDescriptorSet set) const;
  void prepare_timestamps(const std::vector<Submission>& submissions);
  void record(const graph::Recording& recording, const std::vector<Submission>& submissions);
  void record_start();
  void wait_for_dispatches();
  void record_end();
  void record_piece(const graph::Dispatch& dispatch, const Piece& piece);

  std::shared_ptr<Device> device_;
  LowerOptions options_;
  std::vector<Pipeline> pipelines_;  // of each dispatch
  Handle<VkDescriptorPool> pool_;
  std::vector<VkDescriptorSet> sets_;  // of each dispatch
  Commands commands_;
  std::optional<Timestamps> timestamps_;
  std::vector<uint32_t> timed_dispatches_;  // of each interval between timestamps
};

}  // namespace unmask::vulkan
