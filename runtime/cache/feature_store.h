// dLLM-Cache's memory on the device (Liu et al. 2025, arXiv 2506.06295): what attention and the feed-forward
// network of each layer added to each row when they last computed it. The residual stream itself is always
// fresh, because the first layer computes every row of the pass.
#pragma once

#include "model/config.h"
#include "model/forward_plan.h"
#include "model/row_selector.h"

namespace unmask::cache {

struct FeatureStore {
  std::vector<graph::Slice> attention, ffn;  // one per layer, [slots, hidden]; empty for the first
  graph::Slice change;                       // f32 per row: of its values, in the layer at hand
  graph::Slice rows, ranges;                 // of the computed rows

  // For passes of at most `rows` rows. Throws out_of_memory, and unsupported where a layer's features are too
  // large for one binding.
  static FeatureStore allocate(graph::Backend& backend, const model::ModelConfig& config, uint32_t slots,
                               uint32_t rows);
};

// What happens between the layers of passes of one shape. Valid as long as its arguments are.
class ChangedRows final : public model::RowSelector {
 public:
  ChangedRows(const FeatureStore& store, const model::PlanBuffers& plan, const model::KvView& kv,
              const model::PlanShape& shape)
      : store_(store), plan_(plan), kv_(kv), shape_(shape) {}

  // To be recorded before the first layer.
  void begin(tensor::Ops& ops) const;

  bool takes_part(uint32_t layer) const override { return layer > 0; }
  model::LayerRows rows() const override;
  bool compares_values() const override { return shape_.selections > 0; }
  void before_qk(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& v) const override;
  void after_attention(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& y,
                       const tensor::Matrix& x) const override;
  void after_ffn(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& y,
                 const tensor::Matrix& x) const override;

 private:
  const FeatureStore& store_;
  const model::PlanBuffers& plan_;
  const model::KvView& kv_;
  model::PlanShape shape_;

  void list_rows(tensor::Ops& ops) const;
};

}  // namespace unmask::cache
