#include "cache/feature_store.h"

#include "base/error.h"

namespace unmask::cache {

using graph::Memory;
using tensor::allocate_array;
using tensor::Matrix;

namespace {

uint64_t feature_bytes(const model::ModelConfig& c, uint32_t slots) {
  return uint64_t{slots} * c.hidden * sizeof(float);
}

}  // namespace

FeatureStore FeatureStore::allocate(graph::Backend& backend, const model::ModelConfig& config, uint32_t slots,
                                    uint32_t rows) {
  const uint64_t bytes = feature_bytes(config, slots);
  require(
      bytes <= backend.traits().max_storage_range, Status::unsupported,
      "The features of one layer for {} positions take {} bytes, more than this device binds at once ({}). "
      "Use shorter sequences, a smaller batch, or another cache policy.",
      slots, bytes, backend.traits().max_storage_range);
  rows = model::padded(rows);
  FeatureStore store;
  store.attention.emplace_back(), store.ffn.emplace_back();
  for (uint32_t layer = 1; layer < config.layers; ++layer) {
    store.attention.push_back({backend.allocate(bytes, Memory::device, "attention features"), 0, bytes});
    store.ffn.push_back({backend.allocate(bytes, Memory::device, "feed-forward features"), 0, bytes});
  }
  store.change = allocate_array<float>(backend, rows, Memory::device, "value changes");
  store.rows = allocate_array<tensor::Row>(backend, rows, Memory::device, "computed rows");
  store.ranges = allocate_array<tensor::KeyRanges>(backend, rows, Memory::device, "their key ranges");
  return store;
}

model::LayerRows ChangedRows::rows() const {
  if (!shape_.selects) return {plan_.rows, plan_.ranges, shape_.rows, {}};
  return {store_.rows, store_.ranges, shape_.computed_rows, plan_.computed};
}

void ChangedRows::begin(tensor::Ops& ops) const {
  if (shape_.selects && !compares_values()) list_rows(ops);
}

void ChangedRows::list_rows(tensor::Ops& ops) const {
  ops.compact_rows(plan_.computed, shape_.computed_rows, plan_.rows, plan_.ranges, store_.rows, store_.ranges,
                   plan_.place);
}

void ChangedRows::before_qk(tensor::Ops& ops, uint32_t layer, const Matrix& v) const {
  ops.value_change(v, plan_.rows, kv_.values[layer], store_.change, plan_.place);
  ops.select_rows(store_.change, plan_.selections, shape_.selections, plan_.computed);
  list_rows(ops);
}

void ChangedRows::after_attention(tensor::Ops& ops, uint32_t layer, const Matrix& y, const Matrix& x) const {
  ops.add_features(y, plan_.rows, plan_.place, !shape_.selects, store_.attention[layer], x);
}

void ChangedRows::after_ffn(tensor::Ops& ops, uint32_t layer, const Matrix& y, const Matrix& x) const {
  ops.add_features(y, plan_.rows, plan_.place, !shape_.selects, store_.ffn[layer], x);
}

}  // namespace unmask::cache
