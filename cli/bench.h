// What `unmask bench` measures: denoising steps with all positions masked, per kernel, and the matmul
// yardstick.
#pragma once

#include <string>
#include <vector>

#include "handles.h"

namespace cli {

// Per step, of all dispatches with one label.
struct KernelTime {
  std::string label;
  uint32_t dispatches = 0;
  double seconds = 0;
  double flops = 0, bytes = 0;  // executed, padding included
};

struct StepTimes {
  std::vector<double> wall;         // seconds, one per step, without profiling
  double profiled_wall = 0;         // mean seconds of the profiled steps
  std::vector<KernelTime> kernels;  // of the profiled steps; most expensive first
  double flops = 0;                 // per step, without padding
  int64_t head_rows = 0;            // per step

  double fastest() const;
  double median() const;
  double device() const;                                            // mean seconds per profiled step
  double overhead() const { return 1 - device() / profiled_wall; }  // share of the time the device is idle
};

// Steps of a canvas of `rows` masks: `steps` without profiling, then as many with it. First steps, which
// record, are not counted.
StepTimes measure_steps(unmask_model* model, int32_t rows, int32_t steps);

struct MatmulSpeed {
  std::string dtype;
  double gflops = 0, textbook_gflops = 0;
};

constexpr int32_t matmul_rows = 256, matmul_outputs = 1536, matmul_inputs = 512;

MatmulSpeed measure_matmul(unmask_device* device, const std::string& dtype);

}  // namespace cli
