// Mixtures of experts (Shazeer et al. 2017, arXiv 1701.06538): which rows go to which experts, and the
// products of each expert with its rows alone. What a row gets never depends on the other rows of the pass.
#pragma once

#include <vector>

#include "graph/backend.h"
#include "tensor/tiles.h"
#include "tensor/weight.h"

namespace unmask::tensor {

// How a router chooses; see shaders/moe/route.comp.
struct Routing {
  uint32_t experts = 0;  // at most max_experts
  uint32_t chosen = 0;   // per row, at most max_chosen_experts
  uint32_t groups = 1;   // of consecutive experts, all of one size
  uint32_t kept_groups = 1;
  bool sigmoid = false;     // scores are sigmoids, not a softmax
  bool normalised = false;  // the weights of a row sum to `scale`
  float scale = 1;
};
constexpr uint32_t max_experts = 1024;
constexpr uint32_t max_chosen_experts = 64;

// The choices of a router for up to so many rows, and the same sorted by expert. A "place" is an index into
// the sorted choices; `none` stands for what is not there: choices of padding rows, places past the last.
struct ExpertChoices {
  graph::Slice experts;  // u32 [rows, chosen], best first
  graph::Slice weights;  // f32 [rows, chosen]
  graph::Slice places;   // u32 [rows, chosen]: where each choice went
  graph::Slice sources;  // u32 [rows * chosen]: the row of each place
  graph::Slice tiles;    // ExpertTile [rows * chosen]

  static ExpertChoices allocate(graph::Backend& backend, uint32_t rows, uint32_t chosen);

  // Those of the first rows.
  ExpertChoices first(uint32_t rows, uint32_t chosen) const;
};

// The most tiles of `tile_rows` that `choices` places of `experts` experts can make.
uint32_t most_expert_tiles(uint32_t choices, uint32_t experts, uint32_t tile_rows);

// For as many rows as an expert gets if all get the same.
Tile expert_tile(const graph::Traits& traits, const Routing& routing, uint32_t rows);

// y[p, y_offset + n] = sum_k x[p, k] * weight[e * outputs + n, k] for the places p of each expert e.
struct ExpertMatmul {
  graph::Slice x;  // [places, weight.inputs] f32
  uint32_t choices;
  uint32_t experts;
  const Weight& weight;  // [experts * outputs, inputs]; pieces begin at an expert's first output
  graph::Slice tiles;    // as expert_rows cut them for the same tile
  graph::Slice y;        // [places, y_stride] f32
  uint32_t y_stride;
  uint32_t y_offset = 0;
  const char* label = "experts";  // static storage
};

// One dispatch per piece of the weight; they may run in any order.
std::vector<graph::Dispatch> expert_matmul(const Tile& tile, const ExpertMatmul& m);

}  // namespace unmask::tensor
