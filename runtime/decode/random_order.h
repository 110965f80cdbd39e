// Masks revealed in random order, as the reverse process of masked diffusion reveals them: what the samplers
// of MDLM share.
//
// Time runs from 1, all masked, to 0. The chance of a position to be masked at time t is t, so that its time
// of revealing is uniform between 0 and 1. All times can be drawn before anything else, because they do not
// depend on what is written; then only the passes are computed that reveal something, and only rows to be
// revealed need logits.
#pragma once

#include <functional>
#include <vector>

#include "decode/denoiser.h"

namespace unmask::decode {

struct Reveal {
  uint32_t position;
  double time;
};

// The masks of a window in the order of revealing. Times are a function of the seed and the position alone.
std::vector<Reveal> draw_reveals(const Session& session, Window window);

// What one forward pass reveals.
struct RevealGroup {
  std::vector<uint32_t> positions;
  bool sampled = true;  // otherwise each gets its most probable token
  Stage stage = {};     // left out: the window's masks are counted
};

// Puts reveals into groups, in their order.
using Grouping = std::function<std::vector<RevealGroup>(const std::vector<Reveal>&)>;

// The part of a canvas to fill next, which the network sees as its whole input: everything, or where the
// canvas is longer than the model's positions as many of them, ending option `stride` tokens after what is
// filled.
Window next_window(const Session& session);

// Goes through a session's windows, and in each through its groups.
class RandomOrder {
 public:
  // Throws invalid_argument where the session's options do not go with it.
  RandomOrder(const Session& session, Grouping grouping);

  // The session must have masks left.
  Request next(uint32_t session);

 private:
  void begin_window();

  const Session* session_;
  Grouping grouping_;
  Window window_ = {0, 0};
  uint32_t window_masks_ = 0;        // when it was begun
  std::vector<RevealGroup> groups_;  // still to come in the window, next one last
};

// What it needs for all sessions of a decoder.
Capacity capacity(std::span<Session* const> sessions);

// The temperature of samplers that are defined by drawing from the model's own distribution: 1 where none is
// given.
float sampling_temperature(const SessionOptions& options);

}  // namespace unmask::decode
