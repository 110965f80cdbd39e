// What sessions are asked, from flags and files.
#pragma once

#include <string>
#include <vector>

#include "handles.h"

namespace cli {

struct Message {
  std::string role, content;
};

// A plain text, or the messages of a conversation, which ends with what is to be answered.
struct Prompt {
  std::string text;
  std::vector<Message> messages;  // where there are any, they are the prompt
};

// The text, or with `chat` a user's message.
Prompt prompt_of(const std::string& text, bool chat);

// The content of a file or of stdin, without its last new line. Throws Failure if it cannot be read.
std::string read_text(const std::string& path);
std::string read_stdin();

// One {"prompt": TEXT} or {"messages": [{"role": ROLE, "content": TEXT}, ...]} per line; empty lines do not
// count. Throws Failure with the number of a line that is something else.
std::vector<Prompt> read_prompts(const std::string& path, bool chat);

// Puts a system message before a conversation that has none.
void add_system(Prompt& prompt, const std::string& system);

// The prompt's tokens, and a session's prompt. Both throw Failure for what the C interface refuses.
std::vector<int32_t> tokenize(const unmask_model* model, const Prompt& prompt);
void set_prompt(unmask_session* session, const Prompt& prompt);

}  // namespace cli
