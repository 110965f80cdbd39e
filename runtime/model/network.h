// A network on the device: an architecture's forward pass and the weights it needs.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "model/forward_plan.h"
#include "model/weights.h"
#include "tensor/ops.h"

namespace unmask::model {

// Activations of one pass, allocated once for the most rows a decoder will ever ask for.
struct Workspace {
  tensor::Matrix x;          // [R, hidden] the residual stream
  tensor::Matrix normed;     // [R, hidden]
  tensor::Matrix qkv;        // [R, (heads + 2 kv_heads) head_dim]
  tensor::Matrix q;          // [R, heads head_dim]
  tensor::Matrix mixed;      // [R, heads head_dim] attention's output before its projection
  tensor::Matrix gate_up;    // [chunk, 2 ffn]; the FFN runs in chunks of rows where R is large
  tensor::Matrix activated;  // [chunk, ffn]

  static Workspace allocate(graph::Backend& backend, const ModelConfig& config, uint32_t rows);
};

// What an architecture records into: the operations, the plan's buffers, and the views for `rows` rows.
struct Forward {
  tensor::Ops& ops;
  const PlanBuffers& plan;
  const KvView& kv;
  const Workspace& workspace;
  graph::Slice tokens;  // u32 per slot
  uint32_t rows;        // padded
};

// Immutable once loaded; may be recorded from any thread.
class Network {
 public:
  virtual ~Network() = default;

  // Records one pass. Returns the residual stream [rows, hidden] after the last layer, before the final norm.
  virtual tensor::Matrix record(const Forward& f) const = 0;

  virtual const graph::Slice& final_norm() const = 0;
  virtual const tensor::Weight& head() const = 0;  // [vocabulary, hidden]
};

// Copies tensors to the device while a network is being made. One per load.
class Uploader {
 public:
  // Called with the bytes uploaded so far; may throw to stop.
  using Progress = std::function<void(uint64_t)>;
  Uploader(graph::Backend& backend, const Weights& weights, Progress progress)
      : backend_(backend), weights_(weights), progress_(std::move(progress)) {}

  // The named matrices [outputs_i, inputs] stacked along their outputs, in the files' dtype. They must agree in it.
  tensor::Weight matrix(std::span<const std::string> names, std::span<const uint64_t> outputs, uint64_t inputs);
  tensor::Weight matrix(const std::string& name, uint64_t outputs, uint64_t inputs);

  // The named vector [size], converted to f32.
  graph::Slice vector(const std::string& name, uint64_t size);

  // (cos, sin) pairs [positions, dim / 2] of rotary embedding, computed in double precision.
  graph::Slice rope_table(uint64_t positions, uint64_t dim, double theta);

 private:
  void upload(const graph::Slice& to, std::span<const std::byte> from);

  graph::Backend& backend_;
  const Weights& weights_;
  Progress progress_;
  uint64_t uploaded_ = 0;
};

// One line of architectures.inc.
struct Architecture {
  std::string_view name;  // as in ModelConfig::architecture
  std::unique_ptr<Network> (*load)(const ModelConfig& config, Uploader& uploader);
};

std::span<const Architecture> architectures();
const Architecture& find_architecture(std::string_view name);

}  // namespace unmask::model
