#include "eval_text.h"

#include <cmath>
#include <map>
#include <set>

namespace cli {

namespace {

double entropy(const TokenList& text) {
  std::map<int32_t, double> counts;
  for (const int32_t token : text) ++counts[token];
  double sum = 0;
  for (const auto& [token, count] : counts) {
    const double share = count / static_cast<double>(text.size());
    sum -= share * std::log(share);
  }
  return sum;
}

}  // namespace

double unigram_entropy(std::span<const TokenList> texts) {
  double sum = 0;
  for (const TokenList& text : texts) sum += entropy(text);
  return texts.empty() ? 0 : sum / static_cast<double>(texts.size());
}

double distinct_n(std::span<const TokenList> texts, size_t n) {
  std::set<TokenList> distinct;
  size_t all = 0;
  for (const TokenList& text : texts) {
    for (size_t i = 0; i + n <= text.size(); ++i) {
      distinct.emplace(text.begin() + static_cast<std::ptrdiff_t>(i),
                       text.begin() + static_cast<std::ptrdiff_t>(i + n));
      ++all;
    }
  }
  return all == 0 ? 0 : static_cast<double>(distinct.size()) / static_cast<double>(all);
}

}  // namespace cli
