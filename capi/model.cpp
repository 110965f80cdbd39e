// Models and tokens of the C ABI.
#include "base/dtype.h"
#include "capi/objects.h"
#include "decode/logits.h"
#include "model/chat.h"

using namespace unmask;
using namespace unmask::capi;

namespace {

uint32_t size_within(int32_t value, int32_t most, const char* what) {
  require(value > 0 && value <= most, Status::invalid_argument,
          "The model's {} must be from 1 to {}, but is {}.", what, most, value);
  return static_cast<uint32_t>(value);
}

model::ModelConfig config_of(const char* architecture, const unmask_shape& s) {
  model::ModelConfig c;
  c.architecture = architecture;
  c.hidden = size_within(s.hidden, 1 << 16, "hidden size");
  c.layers = size_within(s.layers, 1 << 10, "number of layers");
  c.heads = size_within(s.heads, 1 << 10, "number of heads");
  c.kv_heads = size_within(s.kv_heads, 1 << 10, "number of key and value heads");
  c.head_dim = c.rotary_dim = c.hidden / c.heads;
  c.ffn = size_within(s.ffn, 1 << 18, "feed-forward size");
  c.vocabulary = size_within(s.vocabulary, 1 << 21, "vocabulary");
  c.positions = size_within(s.positions, 1 << 21, "number of positions");
  c.condition = 128;  // as in all published models that have one
  c.rope_theta = 10000;
  c.norm_eps = 1e-5;
  c.mask_token = s.vocabulary - 1;
  c.end_token = s.vocabulary > 1 ? s.vocabulary - 2 : 0;
  model::check_shape(c, "The random model");
  return c;
}

std::unique_ptr<graph::Backend> backend_of(const unmask_device& device) {
  return vulkan::make_backend(device.device);
}

std::string_view checked_text(const char* text, const char* what) { return text_of(text, what); }

unmask_model_info info_of(const model::Model& m) {
  const model::ModelConfig& c = m.config;
  unmask_model_info info;
  init(&info);
  const auto number = [](uint32_t value) { return static_cast<int32_t>(value); };
  info.hidden = number(c.hidden), info.layers = number(c.layers), info.heads = number(c.heads);
  info.kv_heads = number(c.kv_heads), info.head_dim = number(c.head_dim), info.ffn = number(c.ffn);
  info.vocabulary = number(c.vocabulary), info.positions = number(c.positions);
  info.mask_token = c.mask_token, info.end_token = c.end_token;
  info.has_tokenizer = m.tokenizer.has_value(), info.has_chat = m.chat.has_value();
  info.parameters = static_cast<int64_t>(m.parameters);
  info.weight_bytes = static_cast<int64_t>(m.weight_bytes);
  info.block_length = number(c.block_length), info.shifted_logits = c.shifted_logits;
  return info;
}

}  // namespace

std::vector<int32_t> unmask::capi::encode_chat(const model::Model& model, const char* message) {
  const model::ChatMessage question{"user", text_of(message, "message")};
  return model.encode_messages({&question, 1});
}

std::vector<int32_t> unmask::capi::encode_messages(const model::Model& model,
                                                   const unmask_messages* messages) {
  const Exclusive here(deref(messages, "list of messages").busy);
  return model.encode_messages(messages->list);
}

int64_t unmask::capi::copy_tokens(std::span<const int32_t> from, int32_t* to, int64_t capacity) {
  require(capacity >= 0 && (to != nullptr || capacity == 0), Status::invalid_argument,
          "The token buffer is NULL, or its capacity negative.");
  std::ranges::copy(from.first(std::min(from.size(), static_cast<size_t>(capacity))), to);
  return static_cast<int64_t>(from.size());
}

unmask_loader* unmask_loader_create(unmask_device* device, const char* path) {
  return guard_value<unmask_loader*>(nullptr, [&] {
    deref(device, "device");
    auto made = std::make_unique<unmask_loader>();
    made->device = device->device;
    made->loader = std::make_unique<model::Loader>(text_of(path, "model's path"), backend_of(*device));
    return made.release();
  });
}

unmask_status unmask_loader_step(unmask_loader* loader, int32_t* finished) {
  return guard([&] {
    const Exclusive here(deref(loader, "loader").busy);
    deref(finished, "result pointer");
    require(loader->loader != nullptr, Status::wrong_state, "The loader's model was already taken.");
    *finished = loader->loader->step() ? 0 : 1;
  });
}

int64_t unmask_loader_bytes_done(const unmask_loader* loader) {
  return loader && loader->loader ? static_cast<int64_t>(loader->loader->bytes_done()) : 0;
}
int64_t unmask_loader_bytes_total(const unmask_loader* loader) {
  return loader && loader->loader ? static_cast<int64_t>(loader->loader->bytes_total()) : 0;
}

unmask_model* unmask_loader_take_model(unmask_loader* loader) {
  return guard_value<unmask_model*>(nullptr, [&] {
    const Exclusive here(deref(loader, "loader").busy);
    require(loader->loader != nullptr, Status::wrong_state, "The loader's model was already taken.");
    auto made = std::make_unique<unmask_model>(unmask_model{loader->device, loader->loader->finish()});
    loader->loader.reset();
    return made.release();
  });
}

void unmask_loader_destroy(unmask_loader* loader) { delete loader; }

unmask_model* unmask_model_open(unmask_device* device, const char* path) {
  return guard_value<unmask_model*>(nullptr, [&] {
    deref(device, "device");
    model::Loader loader(text_of(path, "model's path"), backend_of(*device));
    return new unmask_model{device->device, loader.finish()};
  });
}

void unmask_shape_init(unmask_shape* shape) {
  if (shape == nullptr) return;
  *shape = {sizeof(unmask_shape), 512, 8, 8, 8, 1536, 32768, 4096, "f16", 1};
}

unmask_model* unmask_model_create_random(unmask_device* device, const char* architecture,
                                         const unmask_shape* shape) {
  return guard_value<unmask_model*>(nullptr, [&] {
    deref(device, "device");
    unmask_shape defaults;
    unmask_shape_init(&defaults);
    const unmask_shape s = read(shape, defaults);
    model::Loader loader(config_of(text_of(architecture, "architecture's name"), s),
                         parse_weight_type(text_of(s.dtype, "data type")), static_cast<uint64_t>(s.seed),
                         backend_of(*device));
    return new unmask_model{device->device, loader.finish()};
  });
}

void unmask_model_destroy(unmask_model* model) { delete model; }

void unmask_model_info_init(unmask_model_info* info) { init(info); }

unmask_status unmask_model_get_info(const unmask_model* model, unmask_model_info* info) {
  return guard([&] { fill(info, info_of(*deref(model, "model").model)); });
}

const char* unmask_model_architecture(const unmask_model* model) {
  return model ? model->model->config.architecture.c_str() : "";
}

const char* unmask_model_chat_format(const unmask_model* model) {
  return model && model->model->chat ? model->model->chat->name : "";
}

int64_t unmask_model_tokenize(const unmask_model* model, const char* text, int32_t* tokens,
                              int64_t capacity) {
  return guard_value<int64_t>(-1, [&] {
    const auto& tokenizer = deref(model, "model").model->require_tokenizer();
    return copy_tokens(tokenizer.encode(checked_text(text, "text")), tokens, capacity);
  });
}

int64_t unmask_model_tokenize_chat(const unmask_model* model, const char* message, int32_t* tokens,
                                   int64_t capacity) {
  return guard_value<int64_t>(
      -1, [&] { return copy_tokens(encode_chat(*deref(model, "model").model, message), tokens, capacity); });
}

unmask_messages* unmask_messages_create(void) {
  return guard_value<unmask_messages*>(nullptr, [&] { return new unmask_messages; });
}

void unmask_messages_destroy(unmask_messages* messages) { delete messages; }

unmask_status unmask_messages_add(unmask_messages* messages, const char* role, const char* content) {
  return guard([&] {
    const Exclusive here(deref(messages, "list of messages").busy);
    model::ChatMessage added{text_of(role, "role"), text_of(content, "content")};
    model::check_role(added.role);
    messages->list.push_back(std::move(added));
  });
}

int64_t unmask_model_tokenize_messages(const unmask_model* model, const unmask_messages* messages,
                                       int32_t* tokens, int64_t capacity) {
  return guard_value<int64_t>(-1, [&] {
    return copy_tokens(encode_messages(*deref(model, "model").model, messages), tokens, capacity);
  });
}

int64_t unmask_model_detokenize(const unmask_model* model, const int32_t* tokens, int64_t count,
                                int32_t keep_special, char* text, int64_t capacity) {
  return guard_value<int64_t>(-1, [&] {
    const auto& tokenizer = deref(model, "model").model->require_tokenizer();
    require(count >= 0 && (tokens != nullptr || count == 0), Status::invalid_argument,
            "The tokens are NULL, or their count negative.");
    require(capacity >= 0 && (text != nullptr || capacity == 0), Status::invalid_argument,
            "The text buffer is NULL, or its capacity negative.");
    const auto ids = std::span(tokens, static_cast<size_t>(count));
    const uint32_t vocabulary = model->model->config.vocabulary;
    for (const int32_t id : ids) {
      require(id >= 0 && static_cast<uint32_t>(id) < vocabulary, Status::invalid_argument,
              "Token {} is outside the model's vocabulary of {}.", id, vocabulary);
    }
    const std::string decoded = tokenizer.decode(ids, keep_special == 0);
    if (capacity > 0) {
      const size_t bytes = std::min(decoded.size(), static_cast<size_t>(capacity) - 1);
      std::memcpy(text, decoded.data(), bytes);
      text[bytes] = '\0';
    }
    return static_cast<int64_t>(decoded.size());
  });
}

unmask_status unmask_model_logits(const unmask_model* model, const int32_t* tokens, int64_t count,
                                  float* logits, int64_t capacity) {
  return guard([&] {
    const unmask_model& m = deref(model, "model");
    require(tokens != nullptr && logits != nullptr && count > 0, Status::invalid_argument,
            "The tokens or the logits are NULL, or there are no tokens.");
    require(count <= m.model->config.positions, Status::invalid_argument,
            "{} tokens are more than the model's {} positions.", count, m.model->config.positions);
    require(capacity >= count * int64_t{m.model->config.vocabulary}, Status::invalid_argument,
            "The logits of {} tokens need room for {} floats, but there is room for {}.", count,
            count * int64_t{m.model->config.vocabulary}, capacity);
    const auto backend = vulkan::make_backend(m.device);
    std::ranges::copy(decode::logits(*backend, *m.model, std::span(tokens, static_cast<size_t>(count))),
                      logits);
  });
}
