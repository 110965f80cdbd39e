#include "kernels/head_tiles.h"

#include "kernels/head_twin.h"

namespace unmask::twins {

void head_tiles(const graph::Dispatch& d) { head_partials<kernels::head_tiles>(d, 1024); }

}  // namespace unmask::twins
