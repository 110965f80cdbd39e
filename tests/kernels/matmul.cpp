#include "kernels/matmul.h"

#include "kernels/matmul_twin.h"

namespace unmask::twins {

void matmul(const graph::Dispatch& d) { product<kernels::matmul>(d); }

}  // namespace unmask::twins
