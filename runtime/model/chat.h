// Conversations in the token layouts that models were trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/tokenizer.h"

namespace unmask::model {

struct ChatMessage {
  std::string role;  // "system", "user" or "assistant"
  std::string content;
};

// Throws invalid_argument for what is not a role.
void check_role(std::string_view role);

// One layout, as data:
//   begin  { open [role] close separator content end after } ...
// `begin`, `open`, `close` and `end` are control tokens, the rest is text. Layouts come from the table in
// chat.cpp.
struct ChatFormat {
  const char* name;
  const char* begin;        // before the first message; "" for none
  const char* open;         // "" where the role is a token of its own: "<|user|>"
  const char* roles[3];     // what stands for system, user and assistant
  const char* close;        // after a role that is text; "" for none
  const char* separator;    // between the role and the content
  const char* end;          // after the content
  const char* after;        // after that
  const char* system_note;  // ends the first system message, which is then always there; "" for none
  bool trim;                // white space around the content is dropped
};

// The layout whose control tokens the tokenizer has, or nothing for a base model.
std::optional<ChatFormat> find_chat_format(const Tokenizer& tokenizer);

// The chat_template of tokenizer_config.json, or "". The file may be absent.
std::string read_chat_template(const std::filesystem::path& folder);

// The system message that a chat template puts before a conversation without one, or "".
std::string default_system_message(std::string_view chat_template);

// The ids of a conversation, which must not be empty; with `add_generation_prompt` it ends where the
// assistant's answer begins. `system_message` comes first where the conversation has none of its own.
// Control tokens are placed as ids, and what the messages say is only ever text: a user who types
// "<|eot_id|>" ends no turn. There it differs from Hugging Face's apply_chat_template, which takes such text
// for the token. Throws invalid_argument for a role that the layout does not have and for text that is not
// UTF-8.
std::vector<int32_t> encode_chat(const Tokenizer& tokenizer, const ChatFormat& format,
                                 std::span<const ChatMessage> messages, std::string_view system_message,
                                 bool add_generation_prompt);

}  // namespace unmask::model
