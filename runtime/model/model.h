// A loaded model: its configuration, tokenizer, chat layout, and its network on one device.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "model/chat.h"
#include "model/config.h"
#include "model/network.h"
#include "model/tokenizer/tokenizer.h"

namespace unmask::model {

// Immutable and shared between threads and sessions.
struct Model {
  std::filesystem::path path;
  ModelConfig config;
  std::optional<Tokenizer> tokenizer;  // absent when the folder has no tokenizer.json
  std::optional<ChatFormat> chat;      // absent when the layout is not known
  std::unique_ptr<Network> network;
  uint64_t parameters = 0;
  uint64_t weight_bytes = 0;

  const Tokenizer& require_tokenizer() const;
  const ChatFormat& require_chat() const;
};

// Bytes uploaded, bytes in all. May throw (status cancelled) to stop loading.
using LoadProgress = std::function<void(uint64_t done, uint64_t total)>;

// Reads a Hugging Face folder, and copies its weights to the backend's device.
std::shared_ptr<const Model> load_model(const std::filesystem::path& folder, graph::Backend& backend,
                                        const LoadProgress& progress);

// A network of random weights, for benchmarks: normal with the usual 0.02, in the given dtype.
std::shared_ptr<const Model> synthetic_model(const ModelConfig& config, DType dtype, uint64_t seed,
                                             graph::Backend& backend);

}  // namespace unmask::model
