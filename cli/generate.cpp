// unmask generate: texts from prompts.
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "canvas_view.h"
#include "commands.h"
#include "decoding.h"
#include "infill.h"
#include "model_flags.h"
#include "option_flags.h"
#include "prompts.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* description =
    "Write a text: masks after the prompt become tokens, step by step.\n"
    "The prompt is --prompt, or the content of --prompt-file, or stdin (without its last new line).";

constexpr const char* footer =
    "--json prints one object:\n"
    "  text               generated text, up to the end token\n"
    "  tokens             ids of all generated positions\n"
    "  prompt_tokens      how many tokens the prompt has, chat layout included\n"
    "  forward_passes     of the model; rows: positions computed, summed over passes;\n"
    "  rows, head_rows    head_rows: those that went through the LM head\n"
    "  flops              a multiply-add is two; no padding\n"
    "  bytes_read_back    from device to host in all; largest_read_back: in one step\n"
    "  revisions          tokens that took the place of others (option --edit-threshold)\n"
    "  drafted, accepted  tokens put forward to be verified, and those of them that stayed\n"
    "  drafter            the same counts of the drafter, where there is one\n"
    "  seconds            of decoding, loading not included; with --batch, of the batch\n"
    "  tokens_per_second  positions that the model decided, per second\n"
    "  memory_bytes       of the device that decoding took beside the weights; with --batch, of the batch\n"
    "  steps              with --per-step: masks_left, rows, head_rows, flops, bytes_read_back and bytes_moved\n"
    "                     (in device memory) of each step; with --batch, of the batch\n"
    "  device, driver, seed, model, finished\n"
    "With --prompts it prints such an object per line, in the order of the prompts.";

struct GenerateFlags {
  ModelFlags model;
  OptionFlags options;
  std::optional<std::string> prompt, prompt_file, prompts, system, infill, drafter;
  std::string strategy = "vanilla";
  int32_t batch = 1;
  bool chat = false, watch = false, json = false, explain = false, per_step = false;
};

std::string text_of(const GenerateFlags& flags) {
  if (flags.prompt) return *flags.prompt;
  if (flags.prompt_file) return read_text(*flags.prompt_file);
  if (isatty(STDIN_FILENO) == 1)
    fmt::print(stderr, "Type the prompt; end it with Ctrl-D on a line of its own.\n");
  return read_stdin();
}

std::vector<Prompt> prompts_of(const GenerateFlags& flags) {
  std::vector<Prompt> prompts = flags.prompts ? read_prompts(*flags.prompts, flags.chat)
                                              : std::vector{prompt_of(text_of(flags), flags.chat)};
  if (flags.system)
    for (Prompt& prompt : prompts) add_system(prompt, *flags.system);
  return prompts;
}

// Sessions stepped together until each has its text.
class Generation {
 public:
  // `drafter` may be NULL.
  Generation(const GenerateFlags& flags, unmask_model* model, unmask_model* drafter,
             const std::vector<Prompt>& prompts)
      : flags_(flags), model_(model), sessions_(sessions(model, flags.options.get(), prompts)) {
    if (drafter != nullptr) drafters_ = sessions(drafter, flags.options.drafter(), prompts);
    decoder_ = make_decoder(sessions_, drafters_, flags.strategy);
    decided_.resize(sessions_.size());
  }

  void run() {
    if (flags_.watch) fmt::print(stderr, "{}\n", memory_text());
    std::optional<CanvasView> view;
    if (flags_.watch && stdout_is_terminal()) view.emplace(model_, sessions_[0].get());
    if (view) view->draw({}, "");
    while (progress_.finished == 0) {
      step();
      const std::map<int32_t, int32_t> fresh = take_events();
      if (view) {
        view->draw(fresh, step_text());
      } else if (flags_.watch) {
        fmt::print(stderr, "{}\n", step_text());
      }
      if (flags_.explain && !flags_.watch) fmt::print(stderr, "{}\n", explanation());
    }
    if (view) view->finish(text(0), summary());
  }

  size_t size() const { return sessions_.size(); }
  std::string text(size_t index) const { return check(unmask_session_text(sessions_[index].get())); }
  Json report(size_t index, const unmask_device* device) const;

 private:
  void step() {
    cli::step(decoder_.get(), &progress_);
    if (flags_.per_step) add_step();
  }

  void add_step() {
    steps_.push_back({{"masks_left", progress_.masks_left},
                      {"rows", progress_.rows},
                      {"head_rows", progress_.head_rows},
                      {"flops", progress_.flops},
                      {"bytes_read_back", progress_.bytes_read_back},
                      {"bytes_moved", progress_.bytes_moved}});
  }

  std::vector<Session> sessions(unmask_model* model, const unmask_options* options,
                                const std::vector<Prompt>& prompts) const {
    std::vector<Session> all;
    for (const Prompt& prompt : prompts) {
      all.emplace_back(check(unmask_session_create(model, options)));
      set_prompt(all.back().get(), prompt);
      if (flags_.infill) set_gaps(model, all.back().get(), *flags_.infill);
    }
    return all;
  }

  // What happened last to positions of the first session, by position.
  std::map<int32_t, int32_t> take_events() {
    std::map<int32_t, int32_t> fresh;
    auto event = initialised(unmask_event_init);
    while (check_count(unmask_decoder_next_event(decoder_.get(), &event)) == 1) {
      decided_[static_cast<size_t>(event.session)].insert(event.position);
      if (event.session == 0) fresh[event.position] = event.kind;
    }
    return fresh;
  }

  std::string explanation() const { return check(unmask_decoder_explanation(decoder_.get())); }

  // Before the first step, which takes it.
  std::string memory_text() const {
    const auto bytes = static_cast<double>(check_count(unmask_decoder_memory(decoder_.get())));
    return fmt::format("{:.1f} MiB of device memory for decoding, beside the weights", bytes / (1 << 20));
  }

  std::string step_text() const {
    const std::string step = fmt::format("step {}, {} of {} masks left, {:.1f} s", progress_.rounds,
                                         progress_.masks_left, progress_.masks_total, progress_.seconds);
    return flags_.explain ? fmt::format("{}\n{}", step, explanation()) : step;
  }

  std::string summary() const {
    return fmt::format("{} passes, {:.2f} s", statistics_of(sessions_[0].get()).forward_passes,
                       progress_.seconds);
  }

  const GenerateFlags& flags_;
  const unmask_model* model_;
  std::vector<Session> sessions_, drafters_;
  Decoder decoder_;
  std::vector<std::set<int32_t>> decided_;  // positions, of each session
  Json steps_ = Json::array();              // what each cost
  unmask_progress progress_ = initialised(unmask_progress_init);
};

// What a drafter has cost.
Json costs_of(const unmask_session* session, const std::string& model) {
  const unmask_statistics statistics = statistics_of(session);
  return {{"model", model},
          {"forward_passes", statistics.forward_passes},
          {"rows", statistics.rows},
          {"head_rows", statistics.head_rows},
          {"flops", statistics.flops},
          {"bytes_read_back", statistics.bytes_read_back}};
}

Json Generation::report(size_t index, const unmask_device* device) const {
  const unmask_session* session = sessions_[index].get();
  const unmask_statistics statistics = statistics_of(session);
  const std::vector<int32_t> canvas = canvas_of(session);
  const int64_t prompt_length = check_count(unmask_session_prompt_length(session));
  const double seconds = progress_.seconds;
  Json report = {
      {"text", text(index)},
      {"tokens", std::vector<int32_t>(canvas.begin() + prompt_length, canvas.end())},
      {"prompt_tokens", prompt_length},
      {"forward_passes", statistics.forward_passes},
      {"rows", statistics.rows},
      {"head_rows", statistics.head_rows},
      {"flops", statistics.flops},
      {"bytes_read_back", statistics.bytes_read_back},
      {"largest_read_back", statistics.largest_read_back},
      {"revisions", statistics.revisions},
      {"drafted", statistics.drafted},
      {"accepted", statistics.accepted},
      {"seconds", seconds},
      {"tokens_per_second", seconds > 0 ? static_cast<double>(decided_[index].size()) / seconds : 0.0},
      {"memory_bytes", check_count(unmask_decoder_memory(decoder_.get()))},
      {"device", unmask_device_name(device)},
      {"driver", unmask_device_driver(device)},
      {"seed", flags_.options.integer("seed")},
      {"model", flags_.model.model},
      {"finished", progress_.finished != 0}};
  if (!drafters_.empty()) report["drafter"] = costs_of(drafters_[index].get(), *flags_.drafter);
  if (flags_.per_step) report["steps"] = steps_;
  return report;
}

void print_line(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);  // a reader of a pipe sees each text as it is done
}

void print(const GenerateFlags& flags, const Generation& generation, const unmask_device* device) {
  for (size_t i = 0; i < generation.size(); ++i) {
    if (flags.json) {
      print_line(generation.report(i, device).dump(-1, ' ', false, Json::error_handler_t::replace));
    } else {
      print_line(generation.text(i));
    }
  }
}

void generate(const GenerateFlags& flags) {
  const std::vector<Prompt> prompts = prompts_of(flags);
  const LoadedModel loaded(flags.model);
  const Model drafter = flags.drafter ? load_model(loaded.device.get(), *flags.drafter) : nullptr;
  const auto batch = static_cast<size_t>(flags.batch);
  for (size_t begin = 0; begin < prompts.size(); begin += batch) {
    const size_t end = std::min(prompts.size(), begin + batch);
    Generation generation(
        flags, loaded.model.get(), drafter.get(),
        {prompts.begin() + static_cast<ptrdiff_t>(begin), prompts.begin() + static_cast<ptrdiff_t>(end)});
    generation.run();
    if (!(flags.watch && stdout_is_terminal())) print(flags, generation, loaded.device.get());
  }
}

}  // namespace

void add_generate(CLI::App& program) {
  const auto flags = std::make_shared<GenerateFlags>();
  CLI::App* command = program.add_subcommand("generate", description);
  command->footer(footer);
  flags->model.add_to(*command);
  CLI::Option* prompt = command->add_option("-p,--prompt", flags->prompt, "The prompt.")->type_name("TEXT");
  CLI::Option* file =
      command->add_option("--prompt-file", flags->prompt_file, "A file with the prompt.")->type_name("FILE");
  CLI::Option* prompts = command
                             ->add_option("--prompts", flags->prompts,
                                          "Many prompts: one JSON object per line, {\"prompt\": TEXT} or "
                                          "{\"messages\": [{\"role\": \"user\", \"content\": TEXT}, ...]}.")
                             ->type_name("FILE");
  file->excludes(prompt);
  prompts->excludes(prompt)->excludes(file);
  command
      ->add_option("--batch", flags->batch,
                   "Prompts of --prompts stepped together. Their texts do not depend on it.")
      ->type_name("INTEGER")
      ->needs(prompts)
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  CLI::Option* chat =
      command->add_flag("--chat", flags->chat, "The prompt is a user's message, in the model's chat layout.");
  command
      ->add_option("--system", flags->system,
                   "The system message of conversations that have none of their own.")
      ->type_name("TEXT")
      ->needs(chat);
  command
      ->add_option(
          "--infill", flags->infill,
          "What follows the prompt, with gaps to be filled: {8} stands for eight tokens. Option length "
          "is then not used.")
      ->type_name("TEXT");
  CLI::Option* watch =
      command->add_flag("--watch", flags->watch,
                        "See the canvas fill in the terminal; elsewhere, a line per step goes to stderr.");
  CLI::Option* json =
      command->add_flag("--json", flags->json, "Print the text and what it cost as JSON; see below.")
          ->excludes(watch);
  command->add_flag("--per-step", flags->per_step, "In the JSON, also what each step cost.")->needs(json);
  watch->excludes(prompts);
  add_strategy_flag(*command, flags->strategy);
  command
      ->add_option("--drafter", flags->drafter,
                   "A cheaper model with the same tokenizer, for strategies that draft and verify, or that "
                   "follow a --schedule.")
      ->type_name("PATH");
  command->add_flag(
      "--explain", flags->explain,
      "Say on stderr, step by step, by which costs and acceptance the draft length was chosen.");
  flags->options.add_to(*command);
  flags->options.add_drafter_to(*command);
  command->callback([flags] { generate(*flags); });
}

}  // namespace cli
