// Sparse-dLLM's memory and work on the device (Song et al. 2025, arXiv 2508.02558): in one pass of each
// block, every layer keeps of the keys outside the block those that the block attends to most, by the product
// with its mean query. They move together, so that later passes of the block attend to two ranges of slots.
#pragma once

#include "model/config.h"
#include "model/forward_plan.h"
#include "model/row_selector.h"

namespace unmask::cache {

struct EvictionStore {
  graph::Slice scores;   // f32 per key
  graph::Slice kept;     // u32 per key: the slots of those that stay
  tensor::Matrix mean;   // [selections, kv_heads head_dim]
  tensor::Matrix moved;  // [keys, kv_heads head_dim]

  static EvictionStore allocate(graph::Backend& backend, const model::ModelConfig& config, uint32_t keys,
                                uint32_t selections);
};

// The end of attention in passes of one shape. Valid as long as its arguments are.
class KeyEviction final : public model::KeySelector {
 public:
  KeyEviction(const EvictionStore& store, const model::PlanBuffers& plan, const model::KvView& kv,
              const model::PlanShape& shape)
      : store_(store), plan_(plan), kv_(kv), shape_(shape) {}

  void after_attention(tensor::Ops& ops, uint32_t layer, tensor::HeadShape heads,
                       const tensor::Matrix& q) const override;

 private:
  const EvictionStore& store_;
  const model::PlanBuffers& plan_;
  const model::KvView& kv_;
  model::PlanShape shape_;
};

}  // namespace unmask::cache
