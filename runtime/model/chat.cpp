#include "model/chat.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/error.h"
#include "model/json.h"
#include "model/tokenizer/unicode.h"

namespace unmask::model {
namespace {

constexpr uint64_t max_tokenizer_config_bytes = 200'000'000;
constexpr std::array<const char*, 3> roles = {"system", "user", "assistant"};

constexpr ChatFormat formats[] = {
    {.name = "llada",  // Llama 3's layout with LLaDA's own names
     .begin = "<|startoftext|>",
     .open = "<|start_header_id|>",
     .close = "<|end_header_id|>",
     .separator = "\n\n",
     .end = "<|eot_id|>",
     .after = "",
     .trim = true},
    {.name = "chatml",  // Qwen, Dream, SDAR
     .begin = "",
     .open = "<|im_start|>",
     .close = "",
     .separator = "\n",
     .end = "<|im_end|>",
     .after = "\n",
     .trim = false},
    {.name = "role_tokens",  // the word-problem models that come with Unmask
     .begin = "",
     .open = "",
     .close = "",
     .separator = "",
     .end = "<|eot|>",
     .after = "",
     .trim = false},
};

std::string role_token(std::string_view role) { return fmt::format("<|{}|>", role); }

bool has_token(const Tokenizer& tokenizer, std::string_view name) {
  return name.empty() || tokenizer.token_id(name).has_value();
}

bool fits(const Tokenizer& tokenizer, const ChatFormat& format) {
  const bool has_roles = *format.open != 0 || (has_token(tokenizer, role_token("user")) &&
                                               has_token(tokenizer, role_token("assistant")));
  return has_roles && has_token(tokenizer, format.begin) && has_token(tokenizer, format.open) &&
         has_token(tokenizer, format.close) && has_token(tokenizer, format.end);
}

std::string_view without_white_space_around(std::string_view text) {
  text.remove_prefix(white_space_at_start(text));
  text.remove_suffix(white_space_at_end(text));
  return text;
}

// Text between two control tokens is encoded as a whole, because tokens may span the seams inside it.
class ChatEncoder {
 public:
  ChatEncoder(const Tokenizer& tokenizer, const ChatFormat& format) : tokenizer_(tokenizer), format_(format) {
    control(format.begin);
  }

  void message(const ChatMessage& message) {
    head(message.role);
    text_ += format_.trim ? without_white_space_around(message.content) : std::string_view(message.content);
    control(format_.end);
    text_ += format_.after;
  }

  void head(const std::string& role) {
    const bool known = std::find(roles.begin(), roles.end(), role) != roles.end();
    require(known, Status::invalid_argument, "\"{}\" is no role of a chat; use system, user or assistant.",
            excerpt(std::string_view(role)));
    if (*format_.open == 0) {
      control(role_token(role));
    } else {
      control(format_.open);
      text_ += role;
      control(format_.close);
    }
    text_ += format_.separator;
  }

  std::vector<int32_t> finish() {
    flush();
    return std::move(ids_);
  }

 private:
  void flush() {
    const std::vector<int32_t> ids = tokenizer_.encode(text_, {.recognize_added_tokens = false});
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    text_.clear();
  }

  void control(std::string_view name) {
    if (name.empty()) return;
    flush();
    const auto id = tokenizer_.token_id(name);
    require(id.has_value(), Status::invalid_argument,
            "This model has no token {} for the chat layout \"{}\".", name, format_.name);
    ids_.push_back(*id);
  }

  const Tokenizer& tokenizer_;
  const ChatFormat& format_;
  std::string text_;
  std::vector<int32_t> ids_;
};

}  // namespace

std::optional<ChatFormat> find_chat_format(const Tokenizer& tokenizer) {
  for (const ChatFormat& format : formats)
    if (fits(tokenizer, format)) return format;
  return std::nullopt;
}

std::string read_chat_template(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "tokenizer_config.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  const Json config = read_json_object(path, max_tokenizer_config_bytes);
  const Json* chat_template = find_member(config, "chat_template");
  return chat_template != nullptr && chat_template->is_string() ? chat_template->get<std::string>() : "";
}

std::string default_system_message(std::string_view chat_template) {
  static constexpr std::string_view known = "You are a helpful assistant.";  // Qwen 2.5's, and so Dream's
  const bool has_it =
      chat_template.find(fmt::format("<|im_start|>system\\n{}", known)) != std::string_view::npos;
  return has_it ? std::string(known) : "";
}

std::vector<int32_t> encode_chat(const Tokenizer& tokenizer, const ChatFormat& format,
                                 std::span<const ChatMessage> messages, bool add_generation_prompt) {
  ChatEncoder encoder(tokenizer, format);
  for (const ChatMessage& message : messages) encoder.message(message);
  if (add_generation_prompt) encoder.head("assistant");
  return encoder.finish();
}

}  // namespace unmask::model
