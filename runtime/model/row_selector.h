// The seams inside the layers: which rows a layer computes, what the others get in their place, and which
// keys stay. Called by the shared blocks, so that no architecture can forget them; implemented by cache/.
#pragma once

#include "tensor/ops.h"

namespace unmask::model {

// The rows that a layer computes, as it finds them in device memory.
struct LayerRows {
  graph::Slice rows, ranges;  // tensor::Row and tensor::KeyRanges, [count]
  uint32_t count;             // padded; above 0
  graph::Slice index;         // u32 [count], their numbers in the pass; empty: they are all rows of the pass
};

class RowSelector {
 public:
  virtual ~RowSelector() = default;

  // Whether it has a say in a layer. Where not, the layer computes all rows and nothing is kept of it.
  virtual bool takes_part(uint32_t layer) const = 0;

  // The rows of a layer that it takes part in; the same for all of these layers but for what is in them.
  virtual LayerRows rows() const = 0;

  // Whether before_qk wants to see the values of a layer to select rows by them.
  virtual bool compares_values() const = 0;

  // v [R, kv_heads head_dim] are the new values of all rows. Stores them in the cache, and fills rows().
  virtual void before_qk(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& v) const = 0;

  // y [count, hidden] is what attention, or the feed-forward network, adds to the computed rows. Keeps it,
  // and adds to x [R, hidden] in every row what was computed or else kept for it.
  virtual void after_attention(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& y,
                               const tensor::Matrix& x) const = 0;
  virtual void after_ffn(tensor::Ops& ops, uint32_t layer, const tensor::Matrix& y,
                         const tensor::Matrix& x) const = 0;
};

// Chooses which keys of a layer stay for later passes.
class KeySelector {
 public:
  virtual ~KeySelector() = default;

  // The queries q [R, heads head_dim] of all rows, rotated, have met the keys of the pass, which are in the
  // cache.
  virtual void after_attention(tensor::Ops& ops, uint32_t layer, tensor::HeadShape heads,
                               const tensor::Matrix& q) const = 0;
};

}  // namespace unmask::model
