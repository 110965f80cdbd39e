// The LM head, fused with the reduction of its logits: per row the most likely token, the runner-up, the
// log-sum-exp and the entropy (tensor::TokenStats), without the logits ever reaching memory.
#pragma once

#include <vector>

#include "graph/backend.h"
#include "tensor/tiles.h"
#include "tensor/weight.h"

namespace unmask::tensor {

// One row's distribution over some consecutive tokens; mirrored in include/head_partial.glsl.
struct HeadPartial {
  float best;  // largest logit z
  uint32_t token;
  float runner_up;
  float sum;       // of exp(z - best)
  float weighted;  // sum of exp(z - best) (z - best)
  float noised;    // largest z + temperature * Gumbel
  uint32_t noised_token;
  float noised_logit;  // its z
};
static_assert(sizeof(HeadPartial) == 32);

struct Head {
  graph::Slice x;  // [rows, weight.inputs] f32: the hidden rows of the candidates, gathered and normalised
  uint32_t rows;
  const Weight& weight;     // [vocabulary, inputs]; pieces begin at multiples of vocabulary_tile
  graph::Slice candidates;  // Candidate[rows]
  graph::Slice sequences;   // SequenceStep[]
  graph::Slice partials;    // scratch of head_scratch_bytes
  graph::Slice stats;       // TokenStats[rows]
  bool noise = false;       // whether a sequence's temperature may be above 0; greedy decoding saves its cost
  const char* label = "head";  // static storage
};

// Of Head::partials, for at most that many rows.
uint64_t head_scratch_bytes(const graph::Traits& traits, uint32_t rows, uint32_t vocabulary);

// One dispatch per piece of the weight, then the merge.
std::vector<graph::Dispatch> head(const graph::Traits& traits, const Head& h);

// The same with a given tile, which the device must be able to run.
std::vector<graph::Dispatch> head(const Tile& tile, const Head& h);
uint64_t head_scratch_bytes(const Tile& tile, uint32_t rows, uint32_t vocabulary);

}  // namespace unmask::tensor
