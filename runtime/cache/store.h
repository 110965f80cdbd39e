// Keys and values on the device: K after RoPE, one row per slot, overwritten in place, never moved.
#pragma once

#include "model/config.h"
#include "model/forward_plan.h"

namespace unmask::cache {

// Storage for `slots` positions. Layers share one store when nothing is kept between passes.
model::KvView allocate_store(graph::Backend& backend, const model::ModelConfig& config, uint32_t slots,
                             bool keeps_keys);

}  // namespace unmask::cache
