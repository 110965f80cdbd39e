#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>

#include "bench.h"
#include "decoding.h"
#include "terminal.h"

namespace cli {

namespace {

using Totals = std::map<std::string, KernelTime>;

// A step fills one mask. The rows of the LM head are padded to multiples of 16, so that 16 steps from a full
// canvas are one recorded program; then a new canvas keeps the work the same.
constexpr int32_t steps_per_canvas = 16;

Totals profile_of(unmask_decoder* decoder) {
  Totals totals;
  const int64_t count = check_count(unmask_decoder_profile_count(decoder));
  for (int32_t i = 0; i < count; ++i) {
    auto entry = initialised(unmask_profile_entry_init);
    const std::string label = check(unmask_decoder_get_profile(decoder, i, &entry));
    totals[label] = {label, entry.dispatches, entry.seconds, entry.flops, entry.bytes};
  }
  return totals;
}

Options bench_options(int32_t rows) {
  Options options(check(unmask_options_create()));
  const auto set = [&](const char* name, int64_t value) {
    check(unmask_options_set_integer(options.get(), name, value));
  };
  set("length", rows);
  set("block", 0);
  set("steps", rows);
  set("stop_at_end", 0);
  return options;
}

// One canvas: a step to record and warm up, then the measured ones.
class CanvasBench {
 public:
  CanvasBench(unmask_model* model, int32_t rows, bool profiled)
      : session_(check(unmask_session_create(model, bench_options(rows).get()))) {
    const int32_t no_token = 0;
    check(unmask_session_set_tokens(session_.get(), &no_token, 0));
    unmask_session* const session = session_.get();
    decoder_.reset(check(unmask_decoder_create(&session, 1, nullptr)));
    if (profiled) check(unmask_decoder_set_profiling(decoder_.get(), 1));
    step();
  }

  // Wall seconds.
  double step() {
    const auto start = std::chrono::steady_clock::now();
    cli::step(decoder_.get(), nullptr);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Totals profile() const { return profile_of(decoder_.get()); }
  unmask_statistics statistics() const { return statistics_of(session_.get()); }

 private:
  Session session_;
  Decoder decoder_;
};

// Calls `measure(canvas, count)` until `steps` are measured.
template <typename Measure>
void on_fresh_canvases(unmask_model* model, int32_t rows, int32_t steps, bool profiled, Measure&& measure) {
  StatusLine status;
  for (int32_t done = 0; done < steps;) {
    status.show_progress(profiled ? "Profiling" : "Measuring", static_cast<double>(done) / steps);
    CanvasBench canvas(model, rows, profiled);
    const int32_t count = std::min({steps - done, steps_per_canvas - 1, rows - 1});
    measure(canvas, count);
    done += count;
  }
}

void add_difference(const Totals& before, const Totals& after, Totals& sum) {
  for (const auto& [label, now] : after) {
    const auto found = before.find(label);
    const KernelTime base = found != before.end() ? found->second : KernelTime{};
    KernelTime& total = sum[label];
    total.label = label;
    total.dispatches = now.dispatches;
    total.seconds += now.seconds - base.seconds;
    total.flops += now.flops - base.flops;
    total.bytes += now.bytes - base.bytes;
  }
}

std::vector<KernelTime> per_step(const Totals& totals, double steps) {
  std::vector<KernelTime> kernels;
  for (const auto& [label, t] : totals) {
    kernels.push_back({label, t.dispatches, t.seconds / steps, t.flops / steps, t.bytes / steps});
  }
  std::sort(kernels.begin(), kernels.end(),
            [](const KernelTime& a, const KernelTime& b) { return a.seconds > b.seconds; });
  return kernels;
}

}  // namespace

double StepTimes::fastest() const { return *std::min_element(wall.begin(), wall.end()); }

double StepTimes::median() const {
  std::vector<double> sorted = wall;
  std::sort(sorted.begin(), sorted.end());
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double StepTimes::device() const {
  return std::accumulate(kernels.begin(), kernels.end(), 0.0,
                         [](double sum, const KernelTime& k) { return sum + k.seconds; });
}

StepTimes measure_steps(unmask_model* model, int32_t rows, int32_t steps) {
  StepTimes times;
  on_fresh_canvases(model, rows, steps, false, [&](CanvasBench& canvas, int32_t count) {
    const unmask_statistics first = canvas.statistics();
    for (int32_t i = 0; i < count; ++i) times.wall.push_back(canvas.step());
    const unmask_statistics last = canvas.statistics();
    times.flops += static_cast<double>(last.flops - first.flops) / steps;
    times.head_rows += last.head_rows - first.head_rows;
  });
  times.head_rows /= steps;

  Totals totals;
  on_fresh_canvases(model, rows, steps, true, [&](CanvasBench& canvas, int32_t count) {
    const Totals before = canvas.profile();
    for (int32_t i = 0; i < count; ++i) times.profiled_wall += canvas.step() / steps;
    add_difference(before, canvas.profile(), totals);
  });
  times.kernels = per_step(totals, steps);
  return times;
}

MatmulSpeed measure_matmul(unmask_device* device, const std::string& dtype) {
  constexpr int32_t repeats = 5;
  MatmulSpeed speed{dtype};
  check(unmask_device_measure_matmul(device, matmul_rows, matmul_outputs, matmul_inputs, dtype.c_str(),
                                     repeats, &speed.gflops, &speed.textbook_gflops));
  return speed;
}

}  // namespace cli
