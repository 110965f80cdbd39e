// The program `unmask`: parses the command line, runs the subcommand, and turns failures into a sentence and
// an exit code.
#include <CLI/CLI.hpp>
#include <cstdio>

#include <fmt/format.h>

#include "commands.h"
#include "handles.h"

namespace {

constexpr const char* description =
    "Unmask: masked-diffusion language models on any Vulkan GPU.\n"
    "\n"
    "  unmask generate --model DIR --prompt \"...\" --watch     write a text, and see its masks become "
    "tokens\n"
    "  unmask devices                                         which GPUs there are, and what is used of "
    "them\n"
    "  unmask COMMAND --help                                  everything about a command\n";

constexpr const char* footer =
    "The device is chosen with --device, or with the environment variable UNMASK_DEVICE.\n"
    "Exit codes: 0 done; 1 failed, with a sentence on stderr; 2 the command line is wrong; 130 interrupted.";

std::string version_text() {
  const int32_t v = unmask_version();
  return fmt::format("unmask {}.{}.{}", v / 10000, v / 100 % 100, v % 100);
}

// The innermost command that was named, for a hint where help is.
const CLI::App* named_command(const CLI::App* app) {
  const auto named = app->get_subcommands();
  return named.empty() ? app : named_command(named.front());
}

// One line. CLI11 says of an unknown command only that one is missing, and ends few messages with a full
// stop.
std::string usage_message(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = named_command(app);
  const std::string name = command == app ? "" : command->get_name() + " ";
  std::string sentence = error.what();
  if (command == app && app->remaining_size() > 0) {
    sentence = fmt::format("There is no command '{}'.", app->remaining().front());
  }
  if (!sentence.ends_with('.')) sentence += '.';
  return fmt::format("unmask: {} See: unmask {}--help\n", sentence, name);
}

int run(int argc, char** argv) {
  CLI::App program(description, "unmask");
  program.footer(footer);
  program.failure_message(usage_message);
  program.require_subcommand(1);
  program.set_version_flag("--version", version_text(), "Print the version of the library and exit");
  cli::add_generate(program);
  cli::add_devices(program);
  cli::add_info(program);
  cli::add_tokenize(program);
  cli::add_logits(program);
  cli::add_bench(program);
  cli::add_convert(program);
  cli::add_eval(program);
  cli::add_compare(program);
  cli::add_analyze(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return program.exit(e) == 0 ? 0 : cli::exit_usage;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const cli::Failure& e) {
    fmt::print(stderr, "unmask: {}\n", e.what());
    return e.exit_code();
  } catch (const std::exception& e) {
    fmt::print(stderr, "unmask: {}\n", e.what());
    return cli::exit_failure;
  }
}
