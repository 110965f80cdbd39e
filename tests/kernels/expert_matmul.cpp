#include "kernels/expert_matmul.h"

#include "kernels/expert_matmul_twin.h"

namespace unmask::twins {

void expert_matmul(const graph::Dispatch& d) { expert_product<kernels::expert_matmul>(d); }

}  // namespace unmask::twins
