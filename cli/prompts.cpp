#include "prompts.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

std::string read_all(std::istream& in) {
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool has_text(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) && object[name].is_string();
}

std::vector<Message> messages_of(const Json& list) {
  std::vector<Message> messages;
  for (const Json& message : list) {
    if (!has_text(message, "role") || !has_text(message, "content")) return {};
    messages.push_back({message["role"], message["content"]});
  }
  return messages;
}

// Neither text nor messages where the line has neither.
Prompt prompt_of_line(const Json& object, bool chat) {
  if (has_text(object, "prompt")) return prompt_of(object["prompt"], chat);
  const bool has_list = object.is_object() && object.contains("messages") && object["messages"].is_array();
  return {{}, has_list ? messages_of(object["messages"]) : std::vector<Message>{}};
}

// A NUL would end the text early without a word.
const char* c_text(const std::string& text) {
  if (text.find('\0') != std::string::npos) throw Failure("The prompt has a NUL byte; remove it.");
  return text.c_str();
}

Messages messages_of(const Prompt& prompt) {
  Messages messages(check(unmask_messages_create()));
  for (const Message& message : prompt.messages)
    check(unmask_messages_add(messages.get(), c_text(message.role), c_text(message.content)));
  return messages;
}

}  // namespace

Prompt prompt_of(const std::string& text, bool chat) {
  return chat ? Prompt{{}, {{"user", text}}} : Prompt{text, {}};
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(fmt::format("The file {} cannot be read.", path));
  return read_all(file);
}

std::string read_stdin() { return read_all(std::cin); }

std::vector<Prompt> read_prompts(const std::string& path, bool chat) {
  std::ifstream file(path);
  if (!file) throw Failure(fmt::format("The file {} cannot be read.", path));
  std::vector<Prompt> prompts;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json object = Json::parse(line, nullptr, false);
    prompts.push_back(prompt_of_line(object, chat));
    if (prompts.back().messages.empty() && !has_text(object, "prompt")) {
      throw Failure(fmt::format(
          "{}, line {}: expected a JSON object with a text named \"prompt\", or with a list named \"messages\" "
          "of objects that have the texts \"role\" and \"content\".",
          path, number));
    }
  }
  return prompts;
}

void add_system(Prompt& prompt, const std::string& system) {
  const bool has_one = !prompt.messages.empty() && prompt.messages[0].role == "system";
  if (!has_one) prompt.messages.insert(prompt.messages.begin(), {"system", system});
}

std::vector<int32_t> tokenize(const unmask_model* model, const Prompt& prompt) {
  if (prompt.messages.empty()) return tokenize(model, c_text(prompt.text), false);
  const Messages messages = messages_of(prompt);
  return collect<std::vector<int32_t>>(0, [&](int32_t* tokens, int64_t capacity) {
    return unmask_model_tokenize_messages(model, messages.get(), tokens, capacity);
  });
}

void set_prompt(unmask_session* session, const Prompt& prompt) {
  if (prompt.messages.empty()) return check(unmask_session_set_prompt(session, c_text(prompt.text)));
  check(unmask_session_set_messages(session, messages_of(prompt).get()));
}

}  // namespace cli
