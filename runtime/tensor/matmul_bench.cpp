#include "tensor/matmul_bench.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "kernels/textbook_matmul.h"
#include "tensor/matmul.h"
#include "tensor/weight_layout.h"
#include "tensor/work.h"

namespace unmask::tensor {
namespace {

graph::Slice make(graph::Backend& backend, uint64_t bytes) {
  return {backend.allocate(bytes, graph::Memory::device, "matmul benchmark"), 0, bytes};
}

// The textbook's 16 x 16 where the device allows it.
uint32_t textbook_tile(const graph::Traits& traits) {
  return traits.max_workgroup_invocations >= 256 ? 16 : 8;
}

graph::Dispatch textbook(const graph::Traits& traits, const graph::Slice& x, const graph::Slice& w,
                         const graph::Slice& y, const kernels::textbook_matmul::Push& push) {
  const uint32_t tile = textbook_tile(traits);
  return graph::dispatch<kernels::textbook_matmul>(
      kernels::textbook_matmul::kernel(), {x, w, y}, push, {tile},
      {ceil_div(push.outputs, tile), ceil_div(push.rows, tile)}, "textbook");
}

std::unique_ptr<graph::Program> program(graph::Backend& backend, std::vector<graph::Dispatch> dispatches) {
  graph::Recording recording;
  for (graph::Dispatch& d : dispatches) recording.append(std::move(d));
  return backend.prepare(std::move(recording));
}

double seconds(graph::Backend& backend, graph::Program& program, const char* label) {
  backend.reset_profile();
  backend.run(program);
  return backend.profile()[label];
}

}  // namespace

MatmulTiming time_matmul(graph::Backend& backend, uint32_t rows, uint32_t outputs, uint32_t inputs,
                         DType dtype, uint32_t repeats) {
  const graph::Traits& traits = backend.traits();
  const graph::Slice x = make(backend, 4ull * rows * inputs), y = make(backend, 4ull * rows * outputs);
  const graph::Slice w = make(backend, 4ull * outputs * inputs);
  require(inputs % 8 == 0 && inputs % info(dtype).block_elements == 0, Status::invalid_argument,
          "{} inputs are no whole number of blocks of {}.", inputs, info(dtype).name);
  const uint64_t bytes = outputs * device_row_bytes(dtype, inputs);
  const Weight weight{outputs, inputs, {{dtype, 0, outputs, make(backend, bytes)}}};
  const auto reference = program(backend, {textbook(traits, x, w, y, {rows, outputs, inputs})});
  const auto chosen = program(backend, matmul(traits, {.x = x,
                                                       .rows = rows,
                                                       .x_stride = inputs,
                                                       .weight = weight,
                                                       .y = y,
                                                       .y_stride = outputs,
                                                       .label = "chosen"}));
  backend.set_profiling(true);
  constexpr double never = std::numeric_limits<double>::infinity();
  MatmulTiming timing{never, never, 2.0 * rows * outputs * inputs};
  for (uint32_t i = 0; i < repeats; ++i) {
    timing.textbook_seconds = std::min(timing.textbook_seconds, seconds(backend, *reference, "textbook"));
    timing.chosen_seconds = std::min(timing.chosen_seconds, seconds(backend, *chosen, "chosen"));
  }
  backend.reset_profile();
  return timing;
}

}  // namespace unmask::tensor
