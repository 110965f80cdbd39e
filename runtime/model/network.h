// A network on the device: an architecture's forward pass and the weights it needs.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/forward_plan.h"
#include "model/row_selector.h"
#include "model/uploader.h"
#include "tensor/ops.h"

namespace unmask::model {

// Activations of a mixture of experts, for a chunk of rows. A place is a row of an expert; see
// tensor/experts.h.
struct ExpertWorkspace {
  uint32_t rows = 0;              // the chunk
  tensor::Matrix logits;          // [chunk, experts] the router's
  tensor::ExpertChoices choices;  // of the chunk
  tensor::Matrix x;               // [places, hidden] what goes into the experts, then what comes out
  tensor::Matrix gate_up;         // [places, 2 expert_ffn]
  tensor::Matrix activated;       // [places, expert_ffn]

  static ExpertWorkspace allocate(graph::Backend& backend, const ModelConfig& config, uint32_t rows);
};

// Activations of one pass, allocated once for the most rows a decoder will ever ask for.
struct Workspace {
  tensor::Matrix x;          // [R, hidden] the residual stream
  tensor::Matrix normed;     // [R, hidden]
  tensor::Matrix qkv;        // [R, (heads + 2 kv_heads) head_dim]
  tensor::Matrix q;          // [R, heads head_dim]
  tensor::Matrix mixed;      // [R, heads head_dim] attention's output before its projection
  tensor::Matrix gate_up;    // [chunk, 2 ffn]; the FFN runs in chunks of rows where R is large
  tensor::Matrix activated;  // [chunk, ffn]
  tensor::Matrix values;     // [R, kv_heads head_dim], for a row selector
  tensor::Matrix selected;   // [R, hidden], for a row selector: rows of a layer, then what it adds to them
  ExpertWorkspace experts;   // empty where there are none

  // `selects`: passes will have a row selector.
  static Workspace allocate(graph::Backend& backend, const ModelConfig& config, uint32_t rows, bool selects);
};

// What an architecture records into: the operations, the plan's buffers, and the views for `rows` rows.
struct Forward {
  tensor::Ops& ops;
  const PlanBuffers& plan;
  const KvView& kv;
  const Workspace& workspace;
  graph::Slice tokens;  // u32 per slot
  uint32_t rows;        // padded
  const RowSelector* selector = nullptr;
  const KeySelector* key_selector = nullptr;

  // The one that takes part in a layer, or none.
  const RowSelector* selector_of(uint32_t layer) const {
    return selector != nullptr && selector->takes_part(layer) ? selector : nullptr;
  }
};

// Immutable once loaded; may be recorded from any thread.
class Network {
 public:
  virtual ~Network() = default;

  // Records one pass. Returns the residual stream [rows, hidden] after the last layer, before the final norm.
  virtual tensor::Matrix record(const Forward& f) const = 0;

  virtual const graph::Slice& final_norm() const = 0;
  virtual graph::Slice final_norm_bias() const { return {}; }  // empty: RMSNorm, otherwise LayerNorm
  virtual const tensor::Weight& head() const = 0;              // [vocabulary, hidden]
};

// One line of architectures.inc.
struct Architecture {
  std::string_view name;  // as in ModelConfig::architecture
  std::unique_ptr<Network> (*load)(const ModelConfig& config, Uploader& uploader);
};

std::span<const Architecture> architectures();
const Architecture& find_architecture(std::string_view name);

}  // namespace unmask::model
