// Logits of a whole token sequence, for comparison with other implementations. No sampling, no masks needed.
#pragma once

#include <span>
#include <vector>

#include "model/model.h"

namespace unmask::decode {

// One pass over `tokens`. Returns [tokens, vocabulary], row by row. Throws invalid_argument for ids outside
// the vocabulary, no tokens, or more than the model's positions.
std::vector<float> logits(graph::Backend& backend, const model::Model& model,
                          std::span<const int32_t> tokens);

}  // namespace unmask::decode
