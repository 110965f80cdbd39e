// Passes that commit nothing: logits of a whole token sequence, for comparison with other implementations,
// and what a model would put at positions of a canvas.
#pragma once

#include <span>
#include <vector>

#include "decode/session.h"

namespace unmask::decode {

// One pass over `tokens`. Returns [tokens, vocabulary], row by row. Throws invalid_argument for ids outside
// the vocabulary, no tokens, or more than the model's positions.
std::vector<float> logits(graph::Backend& backend, const model::Model& model,
                          std::span<const int32_t> tokens);

// A token and its probability, before any temperature.
struct Candidate {
  int32_t token;
  float probability;
};

// The `top` most probable tokens of each position [positions, top], best first, with the canvas as it is.
// Throws invalid_argument for positions outside the canvas, and more tokens than there are.
std::vector<Candidate> predict(graph::Backend& backend, const Session& session,
                               std::span<const uint32_t> positions, uint32_t top);

}  // namespace unmask::decode
