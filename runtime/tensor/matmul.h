// Matrix products with weights: the dispatches of one product, for any device and row count.
#pragma once

#include <vector>

#include "graph/backend.h"
#include "tensor/tiles.h"
#include "tensor/weight.h"

namespace unmask::tensor {

// y[r, y_offset + n] = (accumulate ? y[r, y_offset + n] : 0) + sum_k x[r, k] * weight[n, k]
struct Matmul {
  graph::Slice x;  // [rows, x_stride] f32
  uint32_t rows;
  uint32_t x_stride;  // elements, a multiple of 4, at least weight.inputs
  const Weight& weight;
  graph::Slice y;  // [rows, y_stride] f32
  uint32_t y_stride;
  uint32_t y_offset = 0;
  bool accumulate = false;
  const char* label = "matmul";  // static storage
};

// One dispatch per piece of the weight; they may run in any order. The tile is the device's for that row
// count.
std::vector<graph::Dispatch> matmul(const graph::Traits& traits, const Matmul& m);

// The same with a given tile, which the device must be able to run.
std::vector<graph::Dispatch> matmul(const Tile& tile, const Matmul& m);

}  // namespace unmask::tensor
