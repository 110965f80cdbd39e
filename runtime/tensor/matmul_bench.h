// Times the chosen matrix product against a textbook kernel on one device, in one run, on the same matrices.
#pragma once

#include "graph/backend.h"
#include "tensor/weight.h"

namespace unmask::tensor {

struct MatmulTiming {
  double textbook_seconds;  // best of the repeats, on the device
  double chosen_seconds;
  double flops;  // of one product

  double textbook_gflops() const { return flops / textbook_seconds * 1e-9; }
  double chosen_gflops() const { return flops / chosen_seconds * 1e-9; }
};

// x [rows, inputs] times w [outputs, inputs] of the given type (the textbook kernel reads f32). Leaves
// profiling on and the profile reset. The best of several interleaved repeats is kept, because other work on
// the machine only ever slows a run down.
MatmulTiming time_matmul(graph::Backend& backend, uint32_t rows, uint32_t outputs, uint32_t inputs,
                         DType dtype, uint32_t repeats);

}  // namespace unmask::tensor
