// unmask info: what a model is.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "model_flags.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

struct InfoFlags {
  ModelFlags model;
  bool json = false;
};

Json describe(const unmask_model* model) {
  const unmask_model_info info = info_of(model);
  return {{"architecture", unmask_model_architecture(model)},
          {"parameters", info.parameters},
          {"weight_bytes", info.weight_bytes},
          {"hidden", info.hidden},
          {"layers", info.layers},
          {"heads", info.heads},
          {"kv_heads", info.kv_heads},
          {"head_dim", info.head_dim},
          {"ffn", info.ffn},
          {"vocabulary", info.vocabulary},
          {"positions", info.positions},
          {"mask_token", info.mask_token},
          {"end_token", info.end_token},
          {"tokenizer", info.has_tokenizer != 0},
          {"chat", info.has_chat != 0},
          {"chat_format", unmask_model_chat_format(model)}};
}

void print(const Json& d) {
  const auto integer = [&](const char* name) { return d[name].get<int64_t>(); };
  fmt::print("architecture  {}\n", d["architecture"].get<std::string>());
  fmt::print("parameters    {:.2f} M, {:.2f} MiB on the device\n", d["parameters"].get<double>() / 1e6,
             d["weight_bytes"].get<double>() / (1 << 20));
  fmt::print("layers        {} of {} hidden, {} heads of {} ({} for keys and values), FFN {}\n",
             integer("layers"), integer("hidden"), integer("heads"), integer("head_dim"), integer("kv_heads"),
             integer("ffn"));
  const int64_t end = integer("end_token");
  fmt::print("vocabulary    {} tokens; mask {}, end {}\n", integer("vocabulary"), integer("mask_token"),
             end < 0 ? "none" : std::to_string(end));
  fmt::print("positions     {}\n", integer("positions"));
  fmt::print("tokenizer     {}\n", d["tokenizer"] ? "yes" : "none: text cannot be used, token ids can");
  fmt::print("chat          {}\n", d["chat"] ? d["chat_format"].get<std::string>() : "unknown layout");
}

void show_info(const InfoFlags& flags) {
  const LoadedModel loaded(flags.model);
  const Json description = describe(loaded.model.get());
  if (flags.json) {
    fmt::print("{}\n", description.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print(description);
  }
}

}  // namespace

void add_info(CLI::App& program) {
  const auto flags = std::make_shared<InfoFlags>();
  CLI::App* command =
      program.add_subcommand("info", "Say what a model is: architecture, sizes, tokenizer and chat layout.");
  command->add_option("MODEL", flags->model.model, "A Hugging Face folder or a GGUF file.")
      ->type_name("")
      ->required();
  flags->model.add_device_to(*command);
  command->add_flag("--json", flags->json, "Print one object.");
  command->callback([flags] { show_info(*flags); });
}

}  // namespace cli
