// A model in a GGUF file, as the rest of the loader wants it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/config.h"
#include "model/tokenizer/tokenizer.h"
#include "model/uploader.h"

namespace unmask::model::gguf {

struct OpenedModel {
  ModelConfig config;
  std::optional<Tokenizer> tokenizer;     // absent when the file has no vocabulary
  std::string chat_template;              // empty when it has none
  std::unique_ptr<TensorSource> tensors;  // by the names that the architecture uses; keeps the file mapped
};

// Reads and checks everything but the weights' values. Throws not_found, io, bad_model or unsupported.
OpenedModel open(const std::filesystem::path& path);

}  // namespace unmask::model::gguf
