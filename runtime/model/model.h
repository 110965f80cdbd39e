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
  std::optional<Tokenizer> tokenizer;  // absent when the model has none
  std::optional<ChatFormat> chat;      // absent when the layout is not known
  std::string system_message;          // that the chat layout puts first; often empty
  std::optional<int32_t> end_of_turn_token;
  std::unique_ptr<Network> network;
  uint64_t parameters = 0;
  uint64_t weight_bytes = 0;

  const Tokenizer& require_tokenizer() const;

  // The ids of a conversation in the chat layout, ready to be answered. Throws unsupported without a layout.
  std::vector<int32_t> encode_messages(std::span<const ChatMessage> messages) const;
};

// Loads a model in steps, so that a caller can show progress or stop. Not thread-safe.
class Loader {
 public:
  // A Hugging Face folder or a GGUF file. Reads and checks everything but the weights' values, and allocates
  // device memory.
  Loader(const std::filesystem::path& path, std::unique_ptr<graph::Backend> backend);

  // A network of random weights and no tokenizer, for benchmarks.
  Loader(const ModelConfig& config, DType dtype, uint64_t seed, std::unique_ptr<graph::Backend> backend);

  // Copies the next few megabytes to the device. False when the model is complete.
  bool step() { return uploader_->step(); }

  uint64_t bytes_done() const { return uploader_->bytes_done(); }
  uint64_t bytes_total() const { return uploader_->bytes_total(); }

  // Loads what is left and gives the model. Call once.
  std::shared_ptr<const Model> finish();

 private:
  void open_folder();
  void open_file();
  void set_tokenizer(const Tokenizer& tokenizer, std::string_view chat_template);
  void load_network();

  std::unique_ptr<graph::Backend> backend_;
  std::unique_ptr<TensorSource> source_;
  std::unique_ptr<Uploader> uploader_;
  std::shared_ptr<Model> model_ = std::make_shared<Model>();
};

}  // namespace unmask::model
