#include "kernels/matmul_broadcast.h"

#include "kernels/matmul_twin.h"

namespace unmask::twins {

void matmul_broadcast(const graph::Dispatch& d) { product<kernels::matmul_broadcast>(d); }

}  // namespace unmask::twins
