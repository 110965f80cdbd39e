#include "model/model.h"

#include "base/error.h"
#include "model/gguf/model.h"

namespace unmask::model {

const Tokenizer& Model::require_tokenizer() const {
  require(tokenizer.has_value(), Status::unsupported,
          "'{}' has no tokenizer, so text cannot be read or written; work with token ids instead.",
          path.string());
  return *tokenizer;
}

std::vector<int32_t> Model::encode_messages(std::span<const ChatMessage> messages) const {
  require(chat.has_value(), Status::unsupported,
          "The chat layout of '{}' is not known; give the whole prompt as plain text instead.",
          path.string());
  return encode_chat(require_tokenizer(), *chat, messages, system_message, true);
}

Loader::Loader(const std::filesystem::path& path, std::unique_ptr<graph::Backend> backend)
    : backend_(std::move(backend)) {
  model_->path = path;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    open_file();
  } else {
    open_folder();
  }
  load_network();
}

void Loader::open_folder() {
  const std::filesystem::path& folder = model_->path;
  model_->config = read_config(folder);
  if (std::filesystem::exists(folder / "tokenizer.json"))
    set_tokenizer(Tokenizer::load(folder), read_chat_template(folder));
  source_ = std::make_unique<FileTensors>(open_weights(folder));
}

void Loader::open_file() {
  gguf::OpenedModel opened = gguf::open(model_->path);
  model_->config = opened.config;
  if (opened.tokenizer) set_tokenizer(*opened.tokenizer, opened.chat_template);
  source_ = std::move(opened.tensors);
}

void Loader::set_tokenizer(const Tokenizer& tokenizer, std::string_view chat_template) {
  model_->tokenizer = tokenizer;
  model_->chat = find_chat_format(tokenizer);
  model_->system_message = default_system_message(chat_template);
  if (model_->chat) model_->end_of_turn_token = tokenizer.token_id(model_->chat->end);
}

Loader::Loader(const ModelConfig& config, DType dtype, uint64_t seed, std::unique_ptr<graph::Backend> backend)
    : backend_(std::move(backend)), source_(std::make_unique<RandomTensors>(dtype, seed)) {
  model_->path = "synthetic";
  model_->config = config;
  load_network();
}

void Loader::load_network() {
  uploader_ = std::make_unique<Uploader>(*backend_, *source_);
  model_->network = find_architecture(model_->config.architecture).load(model_->config, *uploader_);
  model_->parameters = uploader_->parameters();
  model_->weight_bytes = uploader_->bytes_total();
}

std::shared_ptr<const Model> Loader::finish() {
  while (uploader_->step()) {
  }
  return std::move(model_);
}

}  // namespace unmask::model
