// unmask tokenize: text to token ids, and back.
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "model_flags.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

struct TokenizeFlags {
  ModelFlags model;
  std::optional<std::string> text, decode;
  bool chat = false, json = false, ids = false;
};

// Partial characters print as U+FFFD.
std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void decode(const TokenizeFlags& flags, const std::vector<int32_t>& tokens) {
  const LoadedModel loaded(flags.model);
  const std::string text = detokenize(loaded.model.get(), tokens, true);
  fmt::print("{}\n", flags.json ? dump({{"tokens", tokens}, {"text", text}}) : text);
}

void encode(const TokenizeFlags& flags) {
  const std::string text =
      flags.text ? *flags.text : std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (text.find('\0') != std::string::npos) throw Failure("The text has a NUL byte; remove it.");
  const LoadedModel loaded(flags.model);
  const std::vector<int32_t> tokens = tokenize(loaded.model.get(), text, flags.chat);
  if (flags.ids) return fmt::print("{}\n", fmt::join(tokens, " "));
  std::vector<std::string> pieces;
  pieces.reserve(tokens.size());
  for (const int32_t token : tokens) pieces.push_back(detokenize(loaded.model.get(), {&token, 1}, true));
  if (flags.json) return fmt::print("{}\n", dump({{"tokens", tokens}, {"pieces", pieces}}));
  for (size_t i = 0; i < tokens.size(); ++i) fmt::print("{:>8}  {}\n", tokens[i], dump(pieces[i]));
}

void run(const TokenizeFlags& flags) {
  if (flags.decode) {
    decode(flags, parse_tokens(*flags.decode));
  } else {
    encode(flags);
  }
}

}  // namespace

void add_tokenize(CLI::App& program) {
  const auto flags = std::make_shared<TokenizeFlags>();
  CLI::App* command = program.add_subcommand(
      "tokenize", "Show the tokens of a text, an id and a piece per line; or the text of token ids.");
  flags->model.add_to(*command);
  CLI::Option* text =
      command->add_option("TEXT", flags->text, "The text; from stdin if absent, every byte of it.")
          ->type_name("");
  CLI::Option* chat =
      command->add_flag("--chat", flags->chat, "A user's message, in the model's chat layout.");
  CLI::Option* ids =
      command->add_flag("--ids", flags->ids, "Only the ids, as `unmask logits --tokens` takes them.");
  command->add_option("--decode", flags->decode, "Token ids, as \"1 2 3\", to be turned into text.")
      ->type_name("IDS")
      ->excludes(text)
      ->excludes(chat)
      ->excludes(ids);
  command->add_flag("--json", flags->json, "Print one object: tokens and pieces, or tokens and text.")
      ->excludes(ids);
  command->callback([flags] { run(*flags); });
}

}  // namespace cli
