// The driver: runs a strategy over sessions, round by round, until no mask is left or the caller stops it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "decode/model_turns.h"
#include "decode/strategy.h"

namespace unmask::decode {

struct DecoderProgress {
  uint32_t rounds = 0;
  uint32_t masks_left = 0;  // over all sessions
  uint32_t masks_total = 0;
  double seconds = 0;  // spent in step()
  bool finished = false;

  // Of the last round, over all sessions; see Statistics.
  uint64_t rows = 0, head_rows = 0, flops = 0, bytes_read_back = 0;
  uint64_t bytes_moved = 0;  // by its kernels, with each operand read or written once
};

struct LabelProfile {
  std::string label;
  uint32_t dispatches;  // in the last step
  double seconds;       // on the device
  graph::Work work;
};

// Sessions must share one model, and so must their drafters, which are one per session or none. One thread at
// a time, but cancel() may be called from any.
class Decoder {
 public:
  Decoder(std::unique_ptr<graph::Backend> backend, std::vector<std::shared_ptr<Session>> sessions,
          std::string_view strategy, std::vector<std::shared_ptr<Session>> drafters = {});

  // One round; the first also takes the device memory. Throws cancelled after cancel(); the canvases keep
  // what was committed. Once finished, does nothing.
  DecoderProgress step();

  // Bytes of device memory that the steps need beside the model's weights; taken with the first step.
  uint64_t memory_bytes() const;

  const DecoderProgress& progress() const { return progress_; }

  // Why the last round went as it did; empty where the strategy decides nothing.
  std::string explanation() const { return strategy_->explanation(); }

  // The step under way ends normally; the next one throws.
  void cancel() { cancelled_ = true; }

  // Device time and executed work per label since profiling was switched on; the costliest first.
  void set_profiling(bool on);
  std::vector<LabelProfile> profile() const;

 private:
  // Sessions of one model, with what they need on the device.
  struct Team {
    std::vector<Session*> sessions;
    Capacity capacity;
    std::optional<Denoiser> denoiser = {};
  };

  void attach(std::vector<std::shared_ptr<Session>> sessions);
  Denoiser& denoiser();
  DecoderProgress work() const;
  uint32_t masks_left() const;

  std::unique_ptr<graph::Backend> backend_;
  // Keeps a session alive and attached.
  using Attachment = std::unique_ptr<Session, std::function<void(Session*)>>;
  std::vector<Attachment> attached_;
  std::unique_ptr<Strategy> strategy_;
  Team writers_, drafters_;
  std::optional<ModelTurns> turns_;
  DecoderProgress progress_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace unmask::decode
