// The weights of a model by name, memory-mapped from the files of its folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/dtype.h"
#include "base/mapped_file.h"

namespace unmask::model {

// The bytes belong to the Weights the view came from, and need not be aligned to the element.
struct TensorView {
  std::string name;
  DType dtype;
  std::vector<uint64_t> shape;  // outermost first: a linear layer is [out, in]
  std::span<const std::byte> data;
};

// Immutable and cheap to copy: copies share the mappings, which live as long as any of them. Any thread may
// read.
class Weights {
 public:
  // Null where no tensor has that name. Throws unsupported where one has, but with an element type we cannot
  // use: checkpoints carry stray integer buffers, which must not keep the rest from loading.
  const TensorView* find(std::string_view name) const;

  // The tensor of that name and exactly that shape; throws bad_model with what was expected and what is
  // there.
  const TensorView& at(std::string_view name, std::span<const uint64_t> shape) const;
  const TensorView& at(std::string_view name, std::initializer_list<uint64_t> shape) const {
    return at(name, std::span<const uint64_t>(shape.begin(), shape.size()));
  }

  // The usable tensors in alphabetical order.
  std::vector<const TensorView*> tensors() const;

  // Sum of the bytes of the usable tensors: what uploading all of them moves.
  uint64_t bytes() const;

 private:
  friend class WeightsBuilder;
  struct Content {
    std::string where;
    std::vector<MappedFile> files;
    std::map<std::string, TensorView, std::less<>> tensors;
    std::map<std::string, std::string, std::less<>> unusable;  // name -> element type
  };
  explicit Weights(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  std::shared_ptr<const Content> content_;
};

// Opens the weights of a Hugging Face folder: model.safetensors, or the shards that
// model.safetensors.index.json names. Nothing but headers is read. Throws not_found, io or bad_model.
Weights open_weights(const std::filesystem::path& folder);

}  // namespace unmask::model
