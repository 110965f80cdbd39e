#include "eval_compare.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "csv.h"
#include "handles.h"
#include "plot.h"

namespace cli {

namespace {

double flops_per_token(const EvalSummary& s) { return s.per_token(static_cast<double>(s.flops)); }
double seconds_per_token(const EvalSummary& s) { return s.per_token(s.seconds); }

// How many times less than the first run; "" where one of them is not known.
std::string ratio(double first, double value) {
  return first > 0 && value > 0 ? fmt::format("{:.2f}", first / value) : "";
}

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
      ratio(flops_per_token(first.summary), flops_per_token(s)), seconds_per_token(s),
      ratio(seconds_per_token(first.summary), seconds_per_token(s)));
}

}  // namespace

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
      "passes,rows,flops_per_token,flops_ratio,seconds_per_token,seconds_ratio,note\n";
  const EvalSummary& first = runs.front().summary;
  for (const ComparedRun& run : runs) {
    const EvalSummary& s = run.summary;
    csv += fmt::format("{},{},{},", csv_field(run.group), csv_field(run.label), s.n);
    if (s.n == 0) {
      csv += fmt::format(",,,,,,,,,,,,,,{}\n", csv_field(run.note));
      continue;
    }
    const PairedDifference& d = run.difference;
    csv +=
        fmt::format("{},{:.6g},{:.6g},{:.6g},", s.right, s.accuracy(), s.interval().low, s.interval().high);
    csv += d.n == 0
               ? "0,,,,"
               : fmt::format("{},{:.6g},{:.6g},{:.6g},", d.n, d.value(), d.interval().low, d.interval().high);
    csv += fmt::format("{:.6g},{:.6g},{:.6g},{},{:.6g},{},{}\n", s.per_item(static_cast<double>(s.passes)),
                       s.per_item(static_cast<double>(s.rows)), flops_per_token(s),
                       ratio(flops_per_token(first), flops_per_token(s)), seconds_per_token(s),
                       ratio(seconds_per_token(first), seconds_per_token(s)), csv_field(run.note));
  }
  return csv;
}

std::string to_plot(const std::string& title, std::span<const ComparedRun> runs) {
  std::vector<PlotSeries> series;
  PlotPanel flops{"FLOPs per token", {}}, seconds{"seconds per token", {}};
  for (const ComparedRun& run : runs) {
    const EvalSummary& s = run.summary;
    if (s.n == 0 || s.flops == 0 || s.seconds <= 0 || s.tokens == 0) continue;
    const Interval i = s.interval();
    series.push_back({run.group, run.label});
    flops.points.push_back({flops_per_token(s), s.accuracy(), i.low, i.high});
    seconds.points.push_back({seconds_per_token(s), s.accuracy(), i.low, i.high});
  }
  if (series.empty()) throw Failure("There is nothing to plot: no run has items whose FLOPs are counted.");
  return draw_plot(title, "accuracy, with 95% intervals", series, std::vector{flops, seconds});
}

}  // namespace cli
