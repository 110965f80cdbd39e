#include "cache/key_eviction.h"

namespace unmask::cache {

using graph::Memory;
using tensor::Matrix;

EvictionStore EvictionStore::allocate(graph::Backend& backend, const model::ModelConfig& c, uint32_t keys,
                                      uint32_t selections) {
  keys = model::padded(keys);
  const uint32_t columns = c.kv_heads * c.head_dim;
  return {.scores = tensor::allocate_array<float>(backend, keys, Memory::device, "key scores"),
          .kept = tensor::allocate_array<uint32_t>(backend, keys, Memory::device, "kept keys"),
          .mean = Matrix::allocate(backend, selections, columns, "mean queries"),
          .moved = Matrix::allocate(backend, keys, columns, "moved keys")};
}

void KeyEviction::after_attention(tensor::Ops& ops, uint32_t layer, tensor::HeadShape heads,
                                  const Matrix& q) const {
  const Matrix mean = store_.mean.first(shape_.evictions), moved = store_.moved.first(shape_.kept_keys);
  ops.mean_queries(q, plan_.evictions, heads, mean);
  ops.key_scores(mean, kv_.keys[layer], plan_.evictions, shape_.rows, store_.scores);
  ops.select_rows(store_.scores, plan_.evictions, shape_.evictions, store_.kept);
  for (const graph::Slice& rows : {kv_.keys[layer], kv_.values[layer]})
    ops.move_rows(rows, store_.kept, plan_.kept_to, moved);
}

}  // namespace unmask::cache
