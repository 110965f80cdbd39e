// unmask bench: how fast a denoising step is, which kernels it consists of, and how good they are.
#include "bench.h"

#include <charconv>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "interrupt.h"
#include "model_flags.h"
#include "sweep.h"

namespace cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* description =
    "Measure denoising steps with every position masked, on a model or on random weights of a given shape.\n"
    "The table comes from as many steps again, with time stamps around every dispatch; what those leave of\n"
    "the wall time is host overhead. The matmul is compared with a textbook 16 x 16 shared-memory kernel.";

constexpr const char* default_shape = "hidden=512,layers=8,heads=8,ffn=1536,vocab=151936,dtype=f16";

struct BenchFlags {
  ModelFlags model;
  std::string synthetic;
  int32_t rows = 256, steps = 3;
  bool json = false;
  SweepFlags sweep;
};

// "hidden=512,layers=8": names and values, with those of `default_shape` where none is given.
std::map<std::string, std::string> parse_shape(const std::string& text) {
  const bool is_default = text == default_shape;
  std::map<std::string, std::string> values = is_default ? decltype(values){} : parse_shape(default_shape);
  for (const std::string& item : CLI::detail::split(text, ',')) {
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    const std::string name = item.substr(0, equals);
    const bool known = is_default || values.contains(name) || name == "kv_heads" || name == "seed";
    if (equals == std::string::npos || !known) {
      throw CLI::ValidationError(
          fmt::format("--synthetic does not understand '{}'; it takes hidden, layers, heads, kv_heads, ffn, "
                      "vocab, dtype and seed, "
                      "as in {}.",
                      item, default_shape));
    }
    values[name] = item.substr(equals + 1);
  }
  return values;
}

int32_t to_integer(const std::string& name, const std::string& text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CLI::ValidationError(
        fmt::format("--synthetic: {} must be a whole number, but is '{}'.", name, text));
  }
  return value;
}

// Refers to the texts in `values`.
unmask_shape shape_of(const std::map<std::string, std::string>& values, int32_t positions) {
  const auto integer = [&](const char* name) { return to_integer(name, values.at(name)); };
  auto shape = initialised(unmask_shape_init);
  shape.hidden = integer("hidden");
  shape.layers = integer("layers");
  shape.heads = integer("heads");
  shape.kv_heads = values.contains("kv_heads") ? integer("kv_heads") : shape.heads;
  shape.ffn = integer("ffn");
  shape.vocabulary = integer("vocab");
  shape.positions = positions;
  shape.dtype = values.at("dtype").c_str();
  if (values.contains("seed")) shape.seed = integer("seed");
  return shape;
}

Json describe(const StepTimes& times) {
  Json kernels = Json::array();
  for (const KernelTime& k : times.kernels) {
    const bool timed = k.seconds > 0;
    kernels.push_back({{"label", k.label},
                       {"dispatches", k.dispatches},
                       {"ms", 1e3 * k.seconds},
                       {"share", times.device() > 0 ? k.seconds / times.device() : 0.0},
                       {"gflops", timed ? k.flops / k.seconds / 1e9 : 0.0},
                       {"gbytes_per_second", timed ? k.bytes / k.seconds / 1e9 : 0.0}});
  }
  return {{"ms_min", 1e3 * times.fastest()},
          {"ms_median", 1e3 * times.median()},
          {"ms_device", 1e3 * times.device()},
          {"host_overhead", times.overhead()},
          {"flops", times.flops},
          {"head_rows", times.head_rows},
          {"gflops", times.flops / times.fastest() / 1e9},
          {"kernels", kernels}};
}

Json describe(const MatmulSpeed& speed, double step_gflops) {
  return {{"dtype", speed.dtype},
          {"rows", matmul_rows},
          {"outputs", matmul_outputs},
          {"inputs", matmul_inputs},
          {"gflops", speed.gflops},
          {"textbook_gflops", speed.textbook_gflops},
          {"over_textbook", speed.gflops / speed.textbook_gflops},
          {"step_over_matmul", step_gflops / speed.gflops}};
}

Json measure(const BenchFlags& flags) {
  catch_interrupts();
  const bool synthetic = flags.model.model.empty();
  const std::map<std::string, std::string> values = parse_shape(flags.synthetic);
  const unmask_shape shape = shape_of(values, flags.rows);
  const Device device = flags.model.open_device();
  const Model model = synthetic ? Model(check(unmask_model_create_random(device.get(), "llada", &shape)))
                                : load_model(device.get(), flags.model.model);
  const StepTimes times = measure_steps(model.get(), flags.rows, flags.steps);

  Json result = {{"device", unmask_device_name(device.get())},
                 {"driver", unmask_device_driver(device.get())},
                 {"model", synthetic ? flags.synthetic : flags.model.model},
                 {"rows", flags.rows},
                 {"steps", flags.steps}};
  result.update(describe(times));
  std::vector<std::string> dtypes = {"f32"};
  if (synthetic && values.at("dtype") != "f32") dtypes.push_back(values.at("dtype"));
  for (const std::string& dtype : dtypes) {
    result["matmul"].push_back(describe(measure_matmul(device.get(), dtype), result["gflops"]));
  }
  return result;
}

void print(const Json& r) {
  const auto number = [](const Json& object, const char* name) { return object[name].get<double>(); };
  const auto text = [](const Json& object, const char* name) { return object[name].get<std::string>(); };
  fmt::print("device  {}\ndriver  {}\nmodel   {}\n\n", text(r, "device"), text(r, "driver"),
             text(r, "model"));
  fmt::print("step of {} masked rows: {:.2f} ms at best, {:.2f} ms median of {}; {:.2f} GFLOP/s\n",
             r["rows"].get<int32_t>(), number(r, "ms_min"), number(r, "ms_median"), r["steps"].get<int32_t>(),
             number(r, "gflops"));
  fmt::print("host overhead: {:.1f}% of a step\n\n", 100 * number(r, "host_overhead"));
  fmt::print("{:<24} {:>10} {:>10} {:>7} {:>9} {:>8}\n", "kernel", "dispatches", "ms", "share", "GFLOP/s",
             "GB/s");
  for (const Json& k : r["kernels"]) {
    fmt::print("{:<24} {:>10} {:>10.3f} {:>6.1f}% {:>9.2f} {:>8.2f}\n", text(k, "label"),
               k["dispatches"].get<uint32_t>(), number(k, "ms"), 100 * number(k, "share"),
               number(k, "gflops"), number(k, "gbytes_per_second"));
  }
  fmt::print("\n");
  for (const Json& m : r["matmul"]) {
    fmt::print(
        "matmul {} x {} x {} {}: {:.2f} GFLOP/s, {:.1f} times the textbook kernel's {:.2f}; "
        "the step runs at {:.2f} of it\n",
        m["rows"].get<int32_t>(), m["outputs"].get<int32_t>(), m["inputs"].get<int32_t>(), text(m, "dtype"),
        number(m, "gflops"), number(m, "over_textbook"), number(m, "textbook_gflops"),
        number(m, "step_over_matmul"));
  }
}

void bench(const BenchFlags& flags) {
  if (flags.sweep.sweep) return sweep(flags.sweep, flags.model);
  const Json result = measure(flags);
  if (flags.json) {
    fmt::print("{}\n", result.dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    print(result);
  }
}

}  // namespace

void add_bench(CLI::App& program) {
  const auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = program.add_subcommand("bench", description);
  flags->synthetic = default_shape;
  CLI::Option* model =
      command->add_option("-m,--model", flags->model.model, "A Hugging Face folder or a GGUF file.")
          ->type_name("PATH");
  command
      ->add_option("--synthetic", flags->synthetic,
                   "Random weights instead: a list of NAME=VALUE; what is left out is as in the default.")
      ->type_name("SHAPE")
      ->capture_default_str()
      ->excludes(model);
  flags->model.add_device_to(*command);
  command->add_option("--rows", flags->rows, "Positions of the canvas, all masked.")
      ->type_name("INTEGER")
      ->check(CLI::Range(2, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--steps", flags->steps,
                   "Steps to measure, after one to warm up; then as many with time stamps.")
      ->type_name("INTEGER")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print one object; times in milliseconds, shares from 0 to 1.");
  flags->sweep.add_to(*command);
  command->callback([flags] { bench(*flags); });
}

}  // namespace cli
