#include "kernels/expert_matmul_broadcast.h"

#include "kernels/expert_matmul_twin.h"

namespace unmask::twins {

void expert_matmul_broadcast(const graph::Dispatch& d) {
  expert_product<kernels::expert_matmul_broadcast>(d);
}

}  // namespace unmask::twins
