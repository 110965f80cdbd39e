// What texts are like by themselves, without a right answer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cli {

using TokenList = std::vector<int32_t>;

// Entropy in nats of the frequencies of a text's tokens, the mean over texts (Zheng et al. 2024, arXiv
// 2409.02908).
double unigram_entropy(std::span<const TokenList> texts);

// Distinct sequences of n tokens over all there are (Li et al. 2016, arXiv 1510.03055).
double distinct_n(std::span<const TokenList> texts, size_t n);

}  // namespace cli
