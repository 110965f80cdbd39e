// Decides where a recording needs barriers, from the access of its buffers alone. Pure.
//
// Dispatches without a barrier between them may run in any order and at once. A barrier here orders
// everything before it, so after one nothing earlier can conflict. Across programs no state is kept: each
// begins by waiting for all earlier work on the queue and ends by making its writes visible to copies and to
// the host.
#pragma once

#include <vector>

#include "graph/recording.h"

namespace unmask::vulkan {

// For each dispatch: must what precedes it in the recording be finished first? It must if they share bytes
// that one of them writes. The pieces of a split dispatch never wait for each other.
std::vector<bool> schedule_barriers(const graph::Recording& recording);

}  // namespace unmask::vulkan
