// From a Hugging Face folder to a GGUF file, in steps, with weights quantised on the way.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/gguf/family.h"
#include "model/gguf/writer.h"
#include "model/weights.h"

namespace unmask::model::gguf {

// A file that appears under its name when all of it is written, and not at all if it is given up.
class PartialFile {
 public:
  explicit PartialFile(std::filesystem::path destination);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  void write(std::span<const char> bytes);
  void finish();

 private:
  void check() const;

  std::filesystem::path destination_, partial_;
  std::ofstream file_;
  bool finished_ = false;
};

// Matrices get the type, or its substitute where their rows are no whole number of its blocks; vectors and
// the routers of experts are f32. The file appears under its name when all of it is written, so that a
// conversion that is given up leaves nothing behind. Not thread-safe.
class Converter {
 public:
  // Reads and checks everything but the weights' values, and begins the file. Throws not_found, io,
  // bad_model, unsupported.
  Converter(const std::filesystem::path& folder, std::filesystem::path destination, DType type);

  // Writes the next few megabytes. False when the file is complete.
  bool step();

  uint64_t bytes_done() const { return done_; }
  uint64_t bytes_total() const { return total_; }

  // Sentences about what is not as asked for: substitutes and tensors left out.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Item {
    const TensorView* from;
    DType type;
    uint32_t heads;    // whose rows become pairs; 0: they keep their order
    uint64_t padding;  // bytes behind it
  };

  void plan(Writer& writer, const Family& family, DType type);
  void plan_tensor(Writer& writer, const TensorName& name, uint32_t layer, DType type);
  std::vector<const TensorView*> parts(const TensorName& name, uint32_t layer) const;
  DType stored_type(const TensorName& name, const TensorView& tensor, uint32_t layer, DType type);
  void note_what_is_left(const Family& family);
  void write_rows(const Item& item, uint64_t first, uint64_t count);

  Weights weights_;
  ModelConfig config_;
  PartialFile file_;
  std::vector<Item> items_;
  std::vector<std::string> notes_;
  size_t item_ = 0;
  uint64_t row_ = 0, done_ = 0, total_ = 0;
};

}  // namespace unmask::model::gguf
