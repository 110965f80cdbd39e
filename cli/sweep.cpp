#include "sweep.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "eval_compare.h"
#include "eval_run.h"
#include "interrupt.h"

namespace cli {

namespace {

// What each policy is swept over, the published settings first.
struct Variant {
  std::string cache;
  OptionValues options;
};

std::vector<Variant> variants_of(const std::string& cache) {
  if (cache == "none" || cache == "prefix") return {{cache, {}}, {cache, {{"threshold", "0.9"}}}};
  if (cache == "dual") {
    return {{cache, {}},
            {cache, {{"threshold", "0.9"}}},
            {cache, {{"threshold", "0.8"}}},
            {cache, {{"factor", "1"}}}};
  }
  if (cache == "dkv-decode" || cache == "dkv-pd") return {{cache, {}}, {cache, {{"cache_steps", "4"}}}};
  if (cache == "dkv-greedy") return {{cache, {{"remasking", "random"}}}};
  if (cache == "dllm") {
    return {{cache, {}},
            {cache, {{"gen_interval_steps", "4"}}},
            {cache, {{"transfer_ratio", "0.5"}}},
            {cache, {{"threshold", "0.9"}}}};
  }
  if (cache == "sparse")
    return {{cache, {}}, {cache, {{"keep_ratio", "0.75"}}}, {cache, {{"threshold", "0.9"}}}};
  return {{cache, {}}};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// The names of the library's policies.
std::vector<std::string> all_caches() {
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    if (std::string(unmask_option_name(i)) == "cache") return split(unmask_option_choices(i), '|');
  }
  return {};
}

std::vector<Variant> variants(const std::string& caches) {
  const std::vector<std::string> known = all_caches();
  std::vector<Variant> result;
  for (const std::string& cache : caches == "all" ? known : split(caches, ',')) {
    if (std::find(known.begin(), known.end(), cache) == known.end()) {
      throw Failure(fmt::format("There is no cache '{}'; there are {}.", cache, fmt::join(known, ", ")));
    }
    for (Variant& v : variants_of(cache)) result.push_back(std::move(v));
  }
  return result;
}

// A variant with what is finished of it, or why it cannot be.
struct SweptRun {
  Variant variant;
  std::string label;
  EvalRun run;
  ResultsFile file;
  std::string refusal = {};
};

// As `unmask eval` has them, so that it can go on with a sweep's files.
Json settings_of(const SweepFlags& flags, const ModelFlags& model, const unmask_device* device) {
  Json settings = {{"model", model.model},
                   {"task", "file"},
                   {"data", flags.data},
                   {"strategy", flags.strategy},
                   {"chat", flags.chat},
                   {"batch", flags.batch},
                   {"device", unmask_device_name(device)},
                   {"driver", unmask_device_driver(device)}};
  if (!flags.matcher.empty()) settings["matcher"] = flags.matcher;
  return settings;
}

SweptRun begin(const SweepFlags& flags, unmask_model* model, Json settings, const Variant& variant) {
  EvalRun run{model, flags.options.given(), flags.strategy, flags.chat};
  run.batch = flags.batch;
  for (const auto& [name, value] : variant.options) run.options[name] = value;
  run.options["cache"] = variant.cache;
  const std::string label = variant.cache + (variant.options.empty() ? "" : " ") + to_text(variant.options);
  settings["options"] = run.options;
  std::string path;
  if (!flags.out.empty()) {
    path = label + ".jsonl";
    std::replace(path.begin(), path.end(), ' ', '-');
    path = (std::filesystem::path(flags.out) / path).string();
  }
  return {variant, label, run, ResultsFile(path, settings)};
}

// The same items for every variant before the next ones: a machine that slows down then slows all of them.
void run_all(std::vector<SweptRun>& runs, std::span<const EvalItem> items, size_t step) {
  EvalProgress progress(runs.size() * items.size());
  for (size_t begin = 0; begin < items.size(); begin += step) {
    const auto part = items.subspan(begin, std::min(step, items.size() - begin));
    for (SweptRun& r : runs) {
      if (!r.refusal.empty()) continue;
      try {
        run_items(r.run, part, r.file, progress);
      } catch (const Failure& e) {
        if (interrupted()) throw;
        r.refusal = e.what();
      }
    }
  }
}

std::vector<ComparedRun> compared(const std::vector<SweptRun>& runs, std::span<const EvalItem> items) {
  std::vector<ComparedRun> result;
  const std::vector<ItemResult> first = runs.front().file.of(items);
  for (const SweptRun& r : runs) {
    result.push_back(compared_run(r.variant.cache, r.label, r.file.of(items), first, r.refusal));
  }
  return result;
}

}  // namespace

void sweep(const SweepFlags& flags, const ModelFlags& model) {
  if (flags.data.empty() || model.model.empty()) {
    throw CLI::ValidationError(
        "--sweep needs --model and --data, a task as `unmask eval` takes it; examples/training/tasks.py prints some.");
  }
  std::vector<EvalItem> items = read_task(flags.data, flags.matcher);
  items.resize(std::min(items.size(), flags.count));
  const std::vector<Variant> swept = variants(flags.cache);
  if (!flags.out.empty()) std::filesystem::create_directories(flags.out);
  const LoadedModel loaded(model);
  const Json settings = settings_of(flags, model, loaded.device.get());
  std::vector<SweptRun> runs;
  for (const Variant& v : swept) runs.push_back(begin(flags, loaded.model.get(), settings, v));
  run_all(runs, items, static_cast<size_t>(flags.batch));
  const std::vector<ComparedRun> rows = compared(runs, items);
  fmt::print("{}", to_table(rows));
  write_text_file(flags.csv, to_csv(rows));
  write_text_file(flags.plot, to_plot(fmt::format("{}, {} items", flags.data, items.size()), rows));
}

void SweepFlags::add_to(CLI::App& command) {
  CLI::Option* on = command.add_flag("--sweep", sweep, "Every cache policy with several settings on a task.");
  const auto add = [&](const std::string& name, auto& value, const std::string& help, const char* type) {
    command.add_option(name, value, help)->type_name(type)->needs(on)->capture_default_str()->group("Sweep");
  };
  add("--cache", cache, "The policies: all, or names with commas between.", "NAMES");
  add("--data", data, "The task, as `unmask eval` takes it.", "FILE");
  add("--matcher", matcher, "For items that name none; see `unmask eval --help`.", "NAME");
  add("--count", count, "The first items only.", "INTEGER");
  add("--batch", batch, "Items answered together.", "INTEGER");
  add("--out", out, "A folder for the results, a file per setting, from which a sweep is taken up again.",
      "FOLDER");
  add("--csv", csv, "The table as CSV.", "FILE");
  add("--plot", plot, "Accuracy against passes, FLOPs and seconds, as SVG.", "FILE");
  command.add_flag("--chat", chat, "Prompts are messages in the model's chat layout.")
      ->needs(on)
      ->group("Sweep");
  add_strategy_flag(command, strategy);
  options.add_to(command, {"steps", "cache"});
}

}  // namespace cli
