#include "cache/store.h"

#include "base/error.h"

namespace unmask::cache {

namespace {
uint64_t key_bytes(const model::ModelConfig& c, uint32_t slots) {
  return uint64_t{slots} * c.kv_heads * c.head_dim * sizeof(float);
}
}  // namespace

model::KvView allocate_store(graph::Backend& backend, const model::ModelConfig& config, uint32_t slots,
                             bool keeps_keys) {
  const uint64_t bytes = key_bytes(config, slots);
  require(
      bytes <= backend.traits().max_storage_range, Status::unsupported,
      "The keys of one layer for {} positions take {} bytes, more than this device binds at once ({}). Use "
      "shorter sequences or a smaller batch.",
      slots, bytes, backend.traits().max_storage_range);
  model::KvView view;
  view.slots = slots;
  for (uint32_t layer = 0; layer < config.layers; ++layer) {
    if (layer == 0 || keeps_keys) {
      view.keys.push_back({backend.allocate(bytes, graph::Memory::device, "keys"), 0, bytes});
      view.values.push_back({backend.allocate(bytes, graph::Memory::device, "values"), 0, bytes});
    } else {
      view.keys.push_back(view.keys.front());
      view.values.push_back(view.values.front());
    }
  }
  return view;
}

}  // namespace unmask::cache
