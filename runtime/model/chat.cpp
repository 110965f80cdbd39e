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
constexpr std::array<std::string_view, 3> roles = {"system", "user", "assistant"};

constexpr ChatFormat formats[] = {
    {.name = "llada",  // Llama 3's layout with LLaDA's own names
     .begin = "<|startoftext|>",
     .open = "<|start_header_id|>",
     .roles = {"system", "user", "assistant"},
     .close = "<|end_header_id|>",
     .separator = "\n\n",
     .end = "<|eot_id|>",
     .after = "",
     .system_note = "",
     .trim = true},
    {.name = "chatml",  // Qwen, Dream, SDAR
     .begin = "",
     .open = "<|im_start|>",
     .roles = {"system", "user", "assistant"},
     .close = "",
     .separator = "\n",
     .end = "<|im_end|>",
     .after = "\n",
     .system_note = "",
     .trim = false},
    {.name = "llada2",  // LLaDA-MoE, LLaDA2: that of Ling 2.0, without its thinking
     .begin = "",
     .open = "<role>",
     .roles = {"SYSTEM", "HUMAN", "ASSISTANT"},
     .close = "</role>",
     .separator = "",
     .end = "<|role_end|>",
     .after = "",
     .system_note = "detailed thinking off",
     .trim = false},
    {.name = "role_tokens",  // the word-problem models that come with Unmask
     .begin = "",
     .open = "",
     .roles = {"<|system|>", "<|user|>", "<|assistant|>"},
     .close = "",
     .separator = "",
     .end = "<|eot|>",
     .after = "",
     .system_note = "",
     .trim = false},
};

size_t index_of_role(std::string_view role) {
  const auto found = std::find(roles.begin(), roles.end(), role);
  require(found != roles.end(), Status::invalid_argument,
          "\"{}\" is no role of a chat; use system, user or assistant.", excerpt(role));
  return static_cast<size_t>(found - roles.begin());
}

bool has_token(const Tokenizer& tokenizer, std::string_view name) {
  return name.empty() || tokenizer.token_id(name).has_value();
}

bool fits(const Tokenizer& tokenizer, const ChatFormat& format) {
  const bool has_roles =
      *format.open != 0 || (has_token(tokenizer, format.roles[1]) && has_token(tokenizer, format.roles[2]));
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

  void message(std::string_view role, std::string_view content) {
    head(role);
    text_ += format_.trim ? without_white_space_around(content) : content;
    control(format_.end);
    text_ += format_.after;
  }

  void head(std::string_view role) {
    const char* const name = format_.roles[index_of_role(role)];
    if (*format_.open == 0) {
      control(name);
    } else {
      control(format_.open);
      text_ += name;
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

void check_role(std::string_view role) { index_of_role(role); }

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
  static constexpr std::string_view open = "<|im_start|>system\\n", close = "<|im_end|>";
  for (size_t at = chat_template.find(open); at != std::string_view::npos;
       at = chat_template.find(open, at)) {
    at += open.size();
    const size_t end = chat_template.find(close, at);
    if (end == std::string_view::npos) break;
    const std::string_view text = chat_template.substr(at, end - at);
    // Elsewhere the template's own string ends here, and what the caller says follows.
    if (text.find_first_of("'\"{}\\") == std::string_view::npos) return std::string(text);
  }
  return "";
}

std::vector<int32_t> encode_chat(const Tokenizer& tokenizer, const ChatFormat& format,
                                 std::span<const ChatMessage> messages, std::string_view system_message,
                                 bool add_generation_prompt) {
  require(!messages.empty(), Status::invalid_argument, "The conversation has no message; add one first.");
  ChatEncoder encoder(tokenizer, format);
  const bool has_system = messages[0].role == roles[0];
  std::string system = has_system ? messages[0].content : std::string(system_message);
  if (has_system && *format.system_note != 0) system += '\n';
  system += format.system_note;
  if (has_system || !system.empty()) encoder.message(roles[0], system);
  for (const ChatMessage& message : messages.subspan(has_system ? 1 : 0))
    encoder.message(message.role, message.content);
  if (add_generation_prompt) encoder.head("assistant");
  return encoder.finish();
}

}  // namespace unmask::model
