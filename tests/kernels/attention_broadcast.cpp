#include "kernels/attention_broadcast.h"

#include "kernels/twins.h"

namespace unmask::twins {

void attention(const graph::Dispatch&);

// The same function by another route, with the same buffers and push constants.
void attention_broadcast(const graph::Dispatch& d) { attention(d); }

}  // namespace unmask::twins
