// unmask compare: results of `unmask eval` side by side.
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "commands.h"
#include "eval_compare.h"
#include "handles.h"

namespace cli {

namespace {

struct CompareFlags {
  std::vector<std::string> files;
  std::optional<std::string> csv, plot;
  std::string title = "unmask compare";
};

// What the plot gives a colour: the cache, after the strategy where that is not the usual one.
std::string group_of(const Json& settings) {
  const Json options = settings.value("options", Json::object());
  const std::string strategy = settings.value("strategy", "vanilla");
  const std::string cache = options.value("cache", "none");
  return strategy == "vanilla" ? cache : strategy + ", " + cache;
}

std::vector<ComparedRun> runs_of(const std::vector<std::string>& files) {
  std::vector<ComparedRun> runs;
  std::vector<ItemResult> first;
  for (const std::string& path : files) {
    const Results results = read_results(path);
    if (runs.empty()) first = results.items;
    runs.push_back(compared_run(group_of(results.settings), std::filesystem::path(path).stem().string(),
                                results.items, first, results.items.empty() ? "nothing finished" : ""));
  }
  return runs;
}

void compare(const CompareFlags& flags) {
  const std::vector<ComparedRun> runs = runs_of(flags.files);
  if (flags.csv) write_text_file(*flags.csv, to_csv(runs));
  if (flags.plot) write_text_file(*flags.plot, to_plot(flags.title, runs));
  fmt::print("{}", to_table(runs));
}

}  // namespace

void add_compare(CLI::App& program) {
  const auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = program.add_subcommand(
      "compare",
      "Put results of `unmask eval --out` side by side. Ratios and differences refer to the first file; differences\n"
      "are taken over the items that both have.");
  command->add_option("FILE.jsonl", flags->files, "Files of results.")->required()->type_name("");
  command->add_option("--csv", flags->csv, "The table as CSV.")->type_name("FILE");
  command->add_option("--plot", flags->plot, "Accuracy against passes, FLOPs and seconds, as SVG.")
      ->type_name("FILE");
  command->add_option("--title", flags->title, "Of the plot.")->type_name("TEXT");
  command->callback([flags] { compare(*flags); });
}

}  // namespace cli
