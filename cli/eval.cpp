// unmask eval: how well a model does a task, and what it costs.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "commands.h"
#include "eval_compare.h"
#include "eval_likelihood.h"
#include "eval_matchers.h"
#include "eval_published.h"
#include "eval_run.h"
#include "eval_text.h"
#include "model_flags.h"
#include "option_flags.h"

namespace cli {

namespace {

constexpr const char* description =
    "Measure how well a model does a task, and what that costs.\n"
    "Without --task, --data has one JSON object per line: \"prompt\", \"answer\" and \"matcher\", and as it may be\n"
    "  id        what the item is called, when results are compared\n"
    "  examples  a list of {\"prompt\", \"answer\"}, shown before the prompt; with --chat as earlier turns\n"
    "  choices   a list of texts, for --score likelihood\n"
    "  until     a list of texts; what is generated is cut before the first";

struct EvalFlags {
  ModelFlags model;
  OptionFlags options;
  std::string task = "file", score, strategy, out, judge;
  std::string matcher;
  PublishedTask source;
  std::optional<std::string> baseline, csv, drafter;
  size_t count = 0;  // 0: all
  int32_t batch = 1, draws = 128;
  bool json = false;

  bool unconditional() const { return task == "unconditional"; }
  bool likelihood() const { return score.empty() ? task == "mmlu" && !source.chat : score == "likelihood"; }
  std::string strategy_name() const {
    return !strategy.empty() ? strategy : unconditional() ? "ancestral" : "vanilla";
  }
};

std::string footer() {
  std::string text = "Matchers, by what they read in the text and in the answer:\n";
  for (const Matcher& m : matchers()) text += fmt::format("  {:<18} {}\n", m.name, m.description);
  return text +
         "\nTasks:\n"
         "  gsm8k          --data has the published JSON Lines. The prompts are those of the LM Evaluation Harness;\n"
         "                 with --chat and without --shots-from, OpenCompass's for zero-shot chat.\n"
         "  mmlu           --data is a published CSV or a folder of them. The prompts are the authors', answered by\n"
         "                 likelihood; with --chat OpenCompass's, answered by a letter.\n"
         "  unconditional  Texts without a prompt, each with a seed of its own; right if the matcher can read them.\n"
         "                 Also prints unigram entropy (nats), distinct n-grams over all, and perplexity by --judge,\n"
         "                 per token, ends of texts too where the judge has the same tokens.\n"
         "\n--out holds a line per finished item: Ctrl-C loses none, and the same command goes on behind them.";
}

// Texts to be written from nothing; the matcher has no answer to compare with.
std::vector<EvalItem> unconditional_items(size_t count, const std::string& matcher) {
  std::vector<EvalItem> items(count);
  for (size_t i = 0; i < count; ++i) {
    items[i].id = fmt::format("seed+{}", i);
    items[i].seed = static_cast<int64_t>(i);
    items[i].matcher = matcher.empty() ? "worked_arithmetic" : matcher;
  }
  return items;
}

std::vector<EvalItem> items_of(const EvalFlags& flags) {
  if (flags.unconditional()) return unconditional_items(flags.count > 0 ? flags.count : 100, flags.matcher);
  if (flags.source.data.empty())
    throw CLI::ValidationError("--data is required, but with --task unconditional.");
  std::vector<EvalItem> items = flags.task == "gsm8k"  ? gsm8k_items(flags.source)
                                : flags.task == "mmlu" ? mmlu_items(flags.source)
                                                       : read_task(flags.source.data, flags.matcher);
  if (flags.count > 0 && flags.count < items.size()) items.resize(flags.count);
  for (const EvalItem& item : items) {
    if (flags.likelihood() && item.choices.empty()) {
      throw Failure(fmt::format("Item {} has no \"choices\" whose likelihood could be compared.", item.id));
    }
  }
  return items;
}

Json settings_of(const EvalFlags& flags, const LoadedModel& loaded) {
  Json settings = {{"model", flags.model.model},
                   {"task", flags.task},
                   {"data", flags.source.data},
                   {"strategy", flags.strategy_name()},
                   {"options", flags.options.given()},
                   {"chat", flags.source.chat},
                   {"batch", flags.batch},
                   {"device", unmask_device_name(loaded.device.get())},
                   {"driver", unmask_device_driver(loaded.device.get())}};
  if (!flags.matcher.empty()) settings["matcher"] = flags.matcher;
  if (!flags.source.shots_from.empty()) {
    settings["shots_from"] = flags.source.shots_from;
    settings["shots"] = flags.source.shots;
  }
  if (flags.drafter) {
    settings["drafter"] = *flags.drafter;
    settings["drafter_options"] = flags.options.drafter_given();
  }
  if (flags.likelihood()) settings["draws"] = flags.draws;
  return settings;
}

// What a judge reads: the ids as they are, special tokens too, where they are the same text to it.
std::vector<int32_t> read_by(const unmask_model* judge, const ItemResult& item) {
  const int32_t vocabulary = info_of(judge).vocabulary;
  const bool known =
      std::all_of(item.ids.begin(), item.ids.end(), [&](int32_t id) { return id < vocabulary; });
  if (known && detokenize(judge, item.ids, false) == item.text) return item.ids;
  return tokenize(judge, item.text, false);
}

// Perplexity per token of the judge, which cannot tell more of a text than its positions hold.
double perplexity(const EvalFlags& flags, unmask_device* device, std::span<const ItemResult> items) {
  ModelFlags judge = flags.model;
  judge.model = flags.judge;
  const Model model = load_model(device, judge.model);
  Likelihood likelihood(model.get(), flags.draws, static_cast<uint64_t>(seed_of(flags.options.given())));
  const auto positions = static_cast<size_t>(info_of(model.get()).positions);
  double sum = 0;
  size_t tokens = 0;
  for (const ItemResult& item : items) {
    std::vector<int32_t> text = read_by(model.get(), item);
    text.resize(std::min(text.size(), positions));
    if (!text.empty()) sum += likelihood.bound(text, 0);
    tokens += text.size();
  }
  return tokens == 0 ? 0 : std::exp(-sum / static_cast<double>(tokens));
}

Json text_measures(const EvalFlags& flags, unmask_device* device, std::span<const ItemResult> items) {
  std::vector<TokenList> texts;
  for (const ItemResult& item : items) texts.push_back(item.ids);
  Json measures = {{"unigram_entropy", unigram_entropy(texts)},
                   {"distinct_1", distinct_n(texts, 1)},
                   {"distinct_2", distinct_n(texts, 2)},
                   {"distinct_3", distinct_n(texts, 3)}};
  if (!flags.judge.empty()) measures["judge_perplexity"] = perplexity(flags, device, items);
  return measures;
}

void print(const EvalFlags& flags, const Json& report, const EvalSummary& summary,
           const std::optional<PairedDifference>& difference) {
  if (flags.json) return fmt::print("{}\n", to_line(report));
  fmt::print("{}", to_text(summary));
  if (difference) fmt::print("{}", to_text(*difference, *flags.baseline));
  for (const char* part : {"unigram_entropy", "distinct_1", "distinct_2", "distinct_3", "judge_perplexity"}) {
    if (report.contains(part)) fmt::print("{:<16}  {:.4g}\n", part, report[part].get<double>());
  }
}

void eval(const EvalFlags& flags) {
  const std::vector<EvalItem> items = items_of(flags);
  std::optional<Results> baseline;
  if (flags.baseline) baseline = read_results(*flags.baseline);
  const LoadedModel loaded(flags.model);
  ResultsFile file(flags.out, settings_of(flags, loaded));
  EvalRun run{loaded.model.get(), flags.options.given(), flags.strategy_name(), flags.source.chat};
  run.keep_ids = flags.unconditional();
  run.likelihood = flags.likelihood();
  run.batch = flags.batch;
  run.draws = flags.draws;
  const Model drafter = flags.drafter ? load_model(loaded.device.get(), *flags.drafter) : nullptr;
  run.drafter = drafter.get();
  run.drafter_options = flags.options.drafter_given();
  EvalProgress progress(items.size());
  run_items(run, items, file, progress);

  const std::vector<ItemResult> results = file.of(items);
  const EvalSummary summary = summary_of(results);
  std::optional<PairedDifference> difference;
  if (baseline) difference = paired_difference(results, baseline->items);
  Json report = {{"settings", file.results().settings}};
  report.update(to_json(summary));
  if (difference) report["baseline"] = to_json(*difference);
  if (flags.unconditional()) report.update(text_measures(flags, loaded.device.get(), results));
  print(flags, report, summary, difference);
  if (flags.csv) {
    const std::span<const ItemResult> first =
        baseline ? std::span<const ItemResult>(baseline->items) : results;
    const ComparedRun row = compared_run(run.strategy, to_text(run.options), results, first);
    write_text_file(*flags.csv, to_csv({&row, 1}));
  }
}

void add_data_flags(CLI::App& command, EvalFlags& flags) {
  command.add_option("--task", flags.task, "What --data is; see below.")
      ->check(CLI::IsMember({"file", "gsm8k", "mmlu", "unconditional"}))
      ->capture_default_str();
  command.add_option("--data", flags.source.data, "The items.")->type_name("FILE");
  command
      .add_option("--matcher", flags.matcher,
                  "For items of a file that name none, and for unconditional texts.")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        find_matcher(name);
        return std::string();
      });
  command
      .add_option("--shots-from", flags.source.shots_from,
                  "Tasks gsm8k and mmlu: where worked examples are taken from.")
      ->type_name("FILE");
  command.add_option("--shots", flags.source.shots, "How many of them, the first ones.")
      ->type_name("INTEGER")
      ->capture_default_str();
  command.add_flag("--chat", flags.source.chat, "Prompts are messages in the model's chat layout.");
  command.add_option("--count", flags.count, "The first items only; of unconditional texts, how many (100).")
      ->type_name("INTEGER");
}

void add_run_flags(CLI::App& command, EvalFlags& flags) {
  command
      .add_option(
          "--score", flags.score,
          "Write a text, or take the choice of the greatest likelihood, estimated by masked Monte Carlo.")
      ->check(CLI::IsMember({"generate", "likelihood"}));
  command.add_option("--draws", flags.draws, "Of masks, per likelihood; the same masks are computed once.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--judge", flags.judge, "A model that says how probable unconditional texts are.")
      ->type_name("PATH");
  command.add_option("--batch", flags.batch, "Items answered together. Their texts do not depend on it.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
}

void add_result_flags(CLI::App& command, EvalFlags& flags) {
  command
      .add_option("-o,--out", flags.out,
                  "A file for every item's result, from which a run is taken up again.")
      ->type_name("FILE.jsonl");
  command
      .add_option("--baseline", flags.baseline,
                  "Results of another run: the difference over shared items, with its 95% interval.")
      ->type_name("FILE.jsonl");
  command.add_flag("--json", flags.json,
                   "Print one object; sums are means per item, and times are in seconds.");
  command.add_option("--csv", flags.csv, "One row under a header.")->type_name("FILE");
}

}  // namespace

void add_eval(CLI::App& program) {
  const auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = program.add_subcommand("eval", description);
  command->footer(footer());
  flags->model.add_to(*command);
  add_data_flags(*command, *flags);
  add_run_flags(*command, *flags);
  add_result_flags(*command, *flags);
  add_strategy_flag(*command, flags->strategy);
  flags->options.add_to(*command);
  command
      ->add_option("--drafter", flags->drafter, "A cheaper model that proposes tokens; its FLOPs count, too.")
      ->type_name("PATH");
  flags->options.add_drafter_to(*command);
  command->callback([flags] { eval(*flags); });
}

}  // namespace cli
