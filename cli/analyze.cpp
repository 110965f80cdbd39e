// unmask analyze schedule: in which steps a light model may stand in for a heavy one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "commands.h"
#include "curves.h"
#include "eval_intervals.h"
#include "interrupt.h"
#include "model_flags.h"
#include "option_flags.h"
#include "schedule_check.h"
#include "schedule_proposal.h"
#include "text_file.h"

namespace cli {

namespace {

constexpr const char* schedule_description =
    "Measure in which steps of a sampler a light model does as well as a heavy one.\n"
    "Texts are masked to each share t of a grid. For the masked tokens this prints the heavy model's loss, by\n"
    "how much the light model's is larger, and KL(heavy || light), in nats, with 95% intervals over texts.\n"
    "With --flops-saved it proposes a schedule: the light model gets the steps of least KL, as many as save\n"
    "that share. With that or --check, schedules are tried: texts are written with each, and judged by the\n"
    "data's matcher, or else by their log-likelihood per token under the heavy model.";

constexpr const char* schedule_footer =
    "Data: one JSON object per line, {\"text\": TEXT} or {\"prompt\": TEXT, \"target\": TEXT}; with \"answer\" and\n"
    "\"matcher\" (see unmask eval) texts are judged by their answer. Option --length says how long texts are.";

struct ScheduleFlags {
  ModelFlags device;
  OptionFlags options;
  std::string heavy, light, data, strategy = "vanilla";
  std::optional<std::string> csv, plot;
  std::optional<double> flops_saved;
  std::vector<std::string> checked;
  int32_t texts = 32, bins = 32, batch = 16, check_texts = 0;
  bool chat = false;
};

std::string to_text(const Estimate& e) { return fmt::format("{:7.4f} ± {:.4f}", e.mean, e.half_width); }

// From all masked to nothing masked.
std::vector<StepImportance> measure(const ScheduleFlags& flags, const unmask_model* heavy,
                                    const unmask_model* light, std::span<const AnalyzedText> texts) {
  Masking masking(static_cast<uint64_t>(flags.options.integer("seed")));
  std::vector<StepImportance> bins;
  fmt::print("     t   heavy loss         loss gap           KL(heavy || light)\n");
  for (int32_t i = 0; i < flags.bins; ++i) {
    if (interrupted()) fail_interrupted();
    const StepImportance& b =
        bins.emplace_back(masking.compare(heavy, light, texts, 1 - (i + 0.5) / flags.bins));
    fmt::print("{:.4f}  {}  {}  {}\n", b.time, to_text(b.heavy_loss), to_text(b.loss_gap),
               to_text(b.divergence));
    std::fflush(stdout);
  }
  return bins;
}

std::string csv_of(std::span<const StepImportance> bins) {
  std::string csv = "t,heavy_loss,heavy_loss_95,loss_gap,loss_gap_95,kl_heavy_light,kl_heavy_light_95\n";
  for (const StepImportance& b : bins) {
    csv += fmt::format("{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g}\n", b.time, b.heavy_loss.mean,
                       b.heavy_loss.half_width, b.loss_gap.mean, b.loss_gap.half_width, b.divergence.mean,
                       b.divergence.half_width);
  }
  return csv;
}

Curve curve_of(const std::string& label, std::span<const StepImportance> bins,
               Estimate StepImportance::*values) {
  Curve curve = {label, {}};
  for (const StepImportance& b : bins) {
    const Estimate& e = b.*values;
    const double half = std::isfinite(e.half_width) ? e.half_width : 0;
    curve.points.push_back({b.time, e.mean, e.mean - half, e.mean + half});
  }
  return curve;
}

std::string plot_of(std::span<const StepImportance> bins) {
  const std::vector<Curve> curves = {
      curve_of("KL(heavy || light)", bins, &StepImportance::divergence),
      curve_of("loss of the light model less that of the heavy one", bins, &StepImportance::loss_gap)};
  return draw_curves("What a light model costs, by the share of tokens masked", "share of tokens masked (t)",
                     "nats per masked token", curves);
}

double sum_of(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

std::string shares_text(const CheckedTexts& checked, const CheckedTexts& heavy) {
  int64_t right = 0, gained = 0, lost = 0;
  const auto n = static_cast<int64_t>(checked.scores.size());
  for (size_t i = 0; i < checked.scores.size(); ++i) {
    right += checked.scores[i] > 0, gained += checked.scores[i] > heavy.scores[i],
        lost += checked.scores[i] < heavy.scores[i];
  }
  const Interval share = wilson_interval(right, n), difference = paired_interval(gained, lost, n);
  return fmt::format("{} of {} right, {:.1f}% to {:.1f}%; less the heavy model's: {:+.1f}% to {:+.1f}%",
                     right, n, 100 * share.low, 100 * share.high, 100 * difference.low,
                     100 * difference.high);
}

std::string likelihood_text(const CheckedTexts& checked, const CheckedTexts& heavy) {
  std::vector<double> differences;
  for (size_t i = 0; i < checked.scores.size(); ++i)
    differences.push_back(checked.scores[i] - heavy.scores[i]);
  return fmt::format("log-likelihood per token {}; less the heavy model's: {}",
                     to_text(estimate(checked.scores)), to_text(estimate(differences)));
}

// Tries schedules, each against the heavy model alone, and prints what they come to.
class Trials {
 public:
  Trials(CheckSettings settings, const std::vector<AnalyzedText>& texts)
      : settings_(std::move(settings)), texts_(texts), heavy_(check_schedule(settings_, texts, "H")) {
    print("H", heavy_);
  }

  // The FLOPs of all texts.
  double heavy_flops() const { return sum_of(heavy_.flops); }
  double run(const std::string& schedule) const {
    const CheckedTexts checked = check_schedule(settings_, texts_, schedule);
    print(schedule, checked);
    return sum_of(checked.flops);
  }

 private:
  void print(const std::string& schedule, const CheckedTexts& checked) const {
    const std::string quality =
        has_matchers(texts_) ? shares_text(checked, heavy_) : likelihood_text(checked, heavy_);
    fmt::print("{}: {:.1f}% of the FLOPs saved; {}\n", schedule,
               100 * (1 - sum_of(checked.flops) / heavy_flops()), quality);
    std::fflush(stdout);
  }

  CheckSettings settings_;
  const std::vector<AnalyzedText>& texts_;
  CheckedTexts heavy_;
};

void try_schedules(ScheduleFlags& flags, unmask_model* heavy, unmask_model* light,
                   const std::vector<AnalyzedText>& texts, std::span<const StepImportance> bins) {
  const Trials trials({heavy, light, flags.options.get(), flags.strategy, flags.options.integer("seed"),
                       static_cast<size_t>(flags.batch)},
                      texts);
  const double light_flops = trials.run("L");
  if (flags.flops_saved) {
    std::vector<double> costs;
    for (const StepImportance& b : bins) costs.push_back(b.divergence.mean);
    const double share = share_of_steps(*flags.flops_saved, trials.heavy_flops(), light_flops);
    const std::string schedule = propose_schedule(costs, share);
    fmt::print("Proposed: --schedule {}\n", schedule);
    trials.run(schedule);
  }
  for (const std::string& schedule : flags.checked) trials.run(schedule);
}

void analyze_schedule(ScheduleFlags& flags) {
  const Device device = flags.device.open_device();
  const Model heavy = load_model(device.get(), flags.heavy), light = load_model(device.get(), flags.light);
  const unmask_model_info info = info_of(heavy.get()), other = info_of(light.get());
  if (info.vocabulary != other.vocabulary || info.mask_token != other.mask_token)
    throw Failure("The two models have different vocabularies; a schedule needs models of one tokenizer.");
  const auto count = static_cast<size_t>(std::max(flags.texts, flags.check_texts));
  const std::vector<AnalyzedText> texts = read_texts(
      flags.data, heavy.get(), count, static_cast<size_t>(flags.options.integer("length")), flags.chat);
  const size_t measured = std::min(texts.size(), static_cast<size_t>(flags.texts));
  const std::vector<StepImportance> bins =
      measure(flags, heavy.get(), light.get(), std::span(texts).first(measured));
  if (flags.csv) write_text_file(*flags.csv, csv_of(bins));
  if (flags.plot) write_text_file(*flags.plot, plot_of(bins));
  const bool tries = flags.flops_saved || !flags.checked.empty();
  if (tries) try_schedules(flags, heavy.get(), light.get(), texts, bins);
}

void add_schedule(CLI::App& analyze) {
  const auto flags = std::make_shared<ScheduleFlags>();
  CLI::App* command = analyze.add_subcommand("schedule", schedule_description);
  command->footer(schedule_footer);
  command->add_option("--heavy", flags->heavy, "The model whose texts are wanted.")
      ->type_name("PATH")
      ->required();
  command->add_option("--light", flags->light, "A cheaper model with the same tokenizer.")
      ->type_name("PATH")
      ->required();
  flags->device.add_device_to(*command);
  command->add_option("--data", flags->data, "Texts to mask; see below.")->type_name("FILE")->required();
  command->add_flag("--chat", flags->chat, "Prompts are users' messages, in the model's chat layout.");
  command->add_option("--texts", flags->texts, "Texts to mask, from the first on.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--bins", flags->bins, "Points of the grid of shares.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--csv", flags->csv, "Write what is printed as comma-separated values.")
      ->type_name("FILE");
  command->add_option("--plot", flags->plot, "Draw it.")->type_name("FILE.svg");
  command
      ->add_option("--flops-saved", flags->flops_saved,
                   "Propose a schedule that saves this share of the heavy model's FLOPs, and try it.")
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--check", flags->checked, "Also try this schedule. May be given several times.")
      ->type_name("SCHEDULE")
      ->allow_extra_args(false);
  command
      ->add_option("--check-texts", flags->check_texts,
                   "Texts to write with each schedule, where more than --texts.")
      ->type_name("INTEGER")
      ->check(CLI::Range(0, 1 << 20));
  command->add_option("--batch", flags->batch, "Texts written together. They do not depend on it.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  add_strategy_flag(*command, flags->strategy);
  flags->options.add_to(*command);
  command->callback([flags] { analyze_schedule(*flags); });
}

}  // namespace

void add_analyze(CLI::App& program) {
  CLI::App* command = program.add_subcommand("analyze", "Look at what models and samplers do.");
  command->require_subcommand(1);
  add_schedule(*command);
}

}  // namespace cli
