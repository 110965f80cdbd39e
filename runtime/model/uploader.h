// Takes a network's tensors from where they are to the device, in steps, so that a caller can show progress
// and stop.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/backend.h"
#include "model/weights.h"
#include "tensor/weight.h"

namespace unmask::model {

// A tensor's bytes, row-major, and what keeps them alive.
struct SourceTensor {
  DType dtype;
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner;

  // Where the rows are those of that many attention heads, each in the order of adjacent-pair rotation: its
  // rows 2i and 2i + 1 turn together, where our networks pair i with i + head / 2. 0: nothing is to be done.
  uint32_t adjacent_pair_heads = 0;
};

// Where tensors come from: a model's files, or random numbers for a benchmark.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  virtual bool has(const std::string& name) const = 0;

  // Throws bad_model when there is no such tensor, or it has another shape.
  virtual SourceTensor at(const std::string& name, std::span<const uint64_t> shape) = 0;
};

class FileTensors final : public TensorSource {
 public:
  explicit FileTensors(Weights weights) : weights_(std::make_shared<const Weights>(std::move(weights))) {}
  bool has(const std::string& name) const override { return weights_->find(name) != nullptr; }
  SourceTensor at(const std::string& name, std::span<const uint64_t> shape) override;

 private:
  std::shared_ptr<const Weights> weights_;
};

// Normal with deviation 0.02, vectors of ones; the same numbers for the same seed and sequence of calls. Rows
// that are no whole number of the type's blocks have its substitute.
class RandomTensors final : public TensorSource {
 public:
  RandomTensors(DType dtype, uint64_t seed) : dtype_(dtype), seed_(seed) {}
  bool has(const std::string&) const override { return true; }
  SourceTensor at(const std::string& name, std::span<const uint64_t> shape) override;

 private:
  DType dtype_;
  uint64_t seed_;
};

// A tensor on the host, for a network that computes others from it before they go to the device.
struct HostTensor {
  DType dtype;  // in which it was stored
  std::vector<float> values;
};

// Allocates device memory at once and queues the copies; `step` does them. One per load; not thread-safe.
class Uploader {
 public:
  Uploader(graph::Backend& backend, TensorSource& source) : backend_(backend), source_(source) {}

  // The named matrices [outputs_i, inputs] stacked along their outputs, each in the source's dtype. Where one
  // binding cannot span them, pieces begin at multiples of `piece_multiple` outputs.
  tensor::Weight matrix(std::span<const std::string> names, std::span<const uint64_t> outputs,
                        uint64_t inputs, uint32_t piece_multiple = tensor::vocabulary_tile);
  tensor::Weight matrix(const std::string& name, uint64_t outputs, uint64_t inputs);

  // The named vectors [size_i] one after another, converted to f32.
  graph::Slice vector(std::span<const std::string> names, std::span<const uint64_t> sizes);
  graph::Slice vector(const std::string& name, uint64_t size);

  bool has(const std::string& name) const { return source_.has(name); }

  // The named tensor itself. It counts as one of the model's, what is computed from it does not.
  HostTensor read(const std::string& name, std::span<const uint64_t> shape);

  // What a network computed: a matrix [outputs, inputs] in the tensor's dtype, or a vector in f32.
  tensor::Weight computed_matrix(const HostTensor& tensor, uint64_t outputs, uint64_t inputs,
                                 const char* label);
  graph::Slice computed_vector(std::vector<float> values, const char* label);

  // (cos, sin) pairs [positions, dim / 2] of rotary embedding, computed in double precision.
  graph::Slice rope_table(uint64_t positions, uint64_t dim, double theta);

  // Copies the next few megabytes. False when everything is on the device.
  bool step();

  uint64_t bytes_done() const { return done_; }
  uint64_t bytes_total() const { return total_; }
  uint64_t parameters() const { return parameters_; }

 private:
  // Rows [first, end) of a tensor, on their way.
  struct Copy {
    SourceTensor from;
    uint64_t inputs, first, end;
    graph::Slice to;  // of those rows
  };

  tensor::Weight stack(std::span<const SourceTensor> parts, std::span<const uint64_t> outputs,
                       uint64_t inputs, uint32_t piece_multiple, const char* label);
  tensor::Weight allocate(std::span<const SourceTensor> parts, std::span<const uint64_t> outputs,
                          uint64_t inputs, uint32_t piece_multiple, const char* label);
  void queue(Copy copy);
  void send(const Copy& copy, uint64_t rows);

  graph::Backend& backend_;
  TensorSource& source_;
  std::deque<Copy> copies_;
  std::vector<std::byte> staging_;
  uint64_t done_ = 0, total_ = 0, parameters_ = 0;
};

}  // namespace unmask::model
