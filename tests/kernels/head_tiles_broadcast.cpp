#include "kernels/head_tiles_broadcast.h"

#include "kernels/head_twin.h"

namespace unmask::twins {

void head_tiles_broadcast(const graph::Dispatch& d) {
  head_partials<kernels::head_tiles_broadcast>(d, constant(d, "subgroup_size") * constant(d, "held_columns"));
}

}  // namespace unmask::twins
