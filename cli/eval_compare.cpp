#include "eval_compare.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "csv.h"
#include "handles.h"
#include "plot.h"

namespace cli {

namespace {

double flops_per_token(const EvalSummary& s) { return s.per_token(static_cast<double>(s.flops)); }
double passes_of_both(const EvalSummary& s) {
  return s.per_item(static_cast<double>(s.passes + s.drafter_passes));
}
double seconds_per_token(const EvalSummary& s) { return s.per_token(s.seconds); }

// Those of `items` that `others` has, too.
std::vector<ItemResult> shared_items(std::span<const ItemResult> items, std::span<const ItemResult> others) {
  std::set<std::string> ids;
  for (const ItemResult& r : others) ids.insert(r.id);
  std::vector<ItemResult> shared;
  std::copy_if(items.begin(), items.end(), std::back_inserter(shared),
               [&](const ItemResult& r) { return ids.count(r.id) != 0; });
  return shared;
}

double ratio(double first, double value) { return first > 0 && value > 0 ? first / value : 0; }

std::string ratio_text(double ratio) { return ratio > 0 ? fmt::format("{:.2f}", ratio) : ""; }

std::string table_line(const ComparedRun& run, const ComparedRun& first, size_t width) {
  const EvalSummary& s = run.summary;
  if (s.n == 0) return fmt::format("{:<{}}  {}\n", run.label, width, run.note);
  const Interval i = s.interval();
  const std::string difference =
      run.difference.n == 0 || &run == &first
          ? ""
          : fmt::format("{:+.1f} ({:+.1f} to {:+.1f})", 100 * run.difference.value(),
                        100 * run.difference.interval().low, 100 * run.difference.interval().high);
  return fmt::format(
      "{:<{}}  {:>4}  {:>5.1f}% ({:>4.1f} to {:>5.1f})  {:<23}  {:>7.1f}  {:>8}  {:>6}  {:>9.4f}  {:>6}\n",
      run.label, width, s.n, 100 * s.accuracy(), 100 * i.low, 100 * i.high, difference,
      s.per_item(static_cast<double>(s.passes)), short_number(flops_per_token(s)),
      ratio_text(run.flops_ratio), seconds_per_token(s), ratio_text(run.seconds_ratio));
}

}  // namespace

ComparedRun compared_run(const std::string& group, const std::string& label,
                         std::span<const ItemResult> items, std::span<const ItemResult> first,
                         const std::string& note) {
  ComparedRun run{group, label, summary_of(items), paired_difference(items, first)};
  const EvalSummary here = summary_of(shared_items(items, first)),
                    there = summary_of(shared_items(first, items));
  run.flops_ratio = ratio(flops_per_token(there), flops_per_token(here));
  run.seconds_ratio = ratio(seconds_per_token(there), seconds_per_token(here));
  run.note = note;
  return run;
}

std::string to_table(std::span<const ComparedRun> runs) {
  size_t width = 4;
  for (const ComparedRun& run : runs) width = std::max(width, run.label.size());
  std::string table = fmt::format("{:<{}}  {:>4}  {:<22}  {:<23}  {:>7}  {:>8}  {:>6}  {:>9}  {:>6}\n", "run",
                                  width, "n", "accuracy, 95% interval", "points more, paired", "passes",
                                  "FLOPs/t", "less", "seconds/t", "less");
  for (const ComparedRun& run : runs) table += table_line(run, runs.front(), width);
  return table;
}

std::string to_csv(std::span<const ComparedRun> runs) {
  std::string csv =
      "group,run,n,right,accuracy,accuracy_low,accuracy_high,shared,difference,difference_low,difference_high,"
      "passes,rows,drafter_passes,acceptance,flops_per_token,flops_ratio,seconds_per_token,seconds_ratio,note\n";
  for (const ComparedRun& run : runs) {
    const EvalSummary& s = run.summary;
    csv += fmt::format("{},{},{},", csv_field(run.group), csv_field(run.label), s.n);
    if (s.n == 0) {
      csv += fmt::format(",,,,,,,,,,,,,,,,{}\n", csv_field(run.note));
      continue;
    }
    const PairedDifference& d = run.difference;
    csv +=
        fmt::format("{},{:.6g},{:.6g},{:.6g},", s.right, s.accuracy(), s.interval().low, s.interval().high);
    csv += d.n == 0
               ? "0,,,,"
               : fmt::format("{},{:.6g},{:.6g},{:.6g},", d.n, d.value(), d.interval().low, d.interval().high);
    csv += fmt::format("{:.6g},{:.6g},{:.6g},{},{:.6g},{},{:.6g},{},{}\n",
                       s.per_item(static_cast<double>(s.passes)), s.per_item(static_cast<double>(s.rows)),
                       s.per_item(static_cast<double>(s.drafter_passes)),
                       s.drafted > 0 ? fmt::format("{:.6g}", s.acceptance()) : "", flops_per_token(s),
                       ratio_text(run.flops_ratio), seconds_per_token(s), ratio_text(run.seconds_ratio),
                       csv_field(run.note));
  }
  return csv;
}

std::string to_plot(const std::string& title, std::span<const ComparedRun> runs) {
  std::vector<PlotSeries> series;
  PlotPanel passes{"passes per item, those of a drafter included", {}}, flops{"FLOPs per token", {}},
      seconds{"seconds per token", {}};
  for (const ComparedRun& run : runs) {
    const EvalSummary& s = run.summary;
    if (s.n == 0 || s.passes + s.drafter_passes == 0 || s.flops == 0 || s.seconds <= 0 || s.tokens == 0)
      continue;
    const Interval i = s.interval();
    series.push_back({run.group, run.label});
    passes.points.push_back({passes_of_both(s), s.accuracy(), i.low, i.high});
    flops.points.push_back({flops_per_token(s), s.accuracy(), i.low, i.high});
    seconds.points.push_back({seconds_per_token(s), s.accuracy(), i.low, i.high});
  }
  if (series.empty()) throw Failure("There is nothing to plot: no run has items whose FLOPs are counted.");
  return draw_plot(title, "accuracy, with 95% intervals", series, std::vector{passes, flops, seconds});
}

}  // namespace cli
