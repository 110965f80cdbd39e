// Cuts a recording into submissions that each fit a time budget: desktop and mobile systems reset a GPU that
// is busy for about two seconds. Pure.
#pragma once

#include <span>
#include <vector>

#include "graph/recording.h"

namespace unmask::vulkan {

// Part of a dispatch: the workgroups [base, base + count). A kernel sees the same gl_WorkGroupID and
// gl_GlobalInvocationID as in one piece, so no result changes; it must not read gl_NumWorkGroups, which does
// change.
struct Piece {
  uint32_t dispatch = 0;  // index in the recording
  graph::Grid base{0, 0, 0};
  graph::Grid count;
};

using Submission = std::vector<Piece>;

// `seconds`: the estimate for each dispatch. Order is kept. A dispatch longer than the budget is cut along
// its largest grid dimension, down to single slices if need be. An infinite budget gives one submission.
std::vector<Submission> split(const graph::Recording& recording, std::span<const double> seconds,
                              double budget);

}  // namespace unmask::vulkan
