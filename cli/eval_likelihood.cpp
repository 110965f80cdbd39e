#include "eval_likelihood.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string>

#include <fmt/format.h>

#include "eval_matchers.h"
#include "interrupt.h"

namespace cli {

namespace {

// Uniform from 0 to `count` - 1, the same with every standard library.
size_t draw_below(std::mt19937_64& random, size_t count) { return random() % count; }

// The first `count` of a random order of `positions`, sorted.
std::vector<size_t> draw_some(std::mt19937_64& random, std::vector<size_t> positions, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    std::swap(positions[i], positions[i + draw_below(random, positions.size() - i)]);
  }
  positions.resize(count);
  std::sort(positions.begin(), positions.end());
  return positions;
}

// The tokens of `choice` after those of `prompt`; of a plain text, what the whole has behind as many tokens.
std::vector<int32_t> continued(const unmask_model* model, const Prompt& prompt,
                               const std::vector<int32_t>& tokens, const std::string& choice) {
  const bool chat = !prompt.messages.empty();
  std::vector<int32_t> canvas = tokenize(model, chat ? choice : prompt.text + choice, false);
  if (!chat) canvas.erase(canvas.begin(), canvas.begin() + std::min(std::ssize(canvas), std::ssize(tokens)));
  if (canvas.empty()) throw Failure(fmt::format("The choice '{}' has no tokens.", choice));
  canvas.insert(canvas.begin(), tokens.begin(), tokens.end());
  return canvas;
}

}  // namespace

Likelihood::Likelihood(const unmask_model* model, int32_t draws, uint64_t seed)
    : model_(model),
      info_(info_of(model)),
      mask_is_written_(std::string(unmask_model_architecture(model)) != "mdlm"),
      draws_(draws),
      seed_(seed) {}

double Likelihood::bound(std::span<const int32_t> canvas, size_t begin) {
  const auto block = static_cast<size_t>(info_.block_length);
  if (block == 0) return bound_of_part(canvas, begin);
  double sum = 0;
  while (begin < canvas.size()) {
    const size_t end = std::min((begin / block + 1) * block, canvas.size());
    sum += bound_of_part(canvas.first(end), begin);
    begin = end;
  }
  return sum;
}

double Likelihood::bound_of_part(std::span<const int32_t> canvas, size_t begin) {
  std::vector<size_t> positions(canvas.size() - begin);
  std::iota(positions.begin(), positions.end(), begin);
  const auto length = static_cast<double>(positions.size());
  std::mt19937_64 random(seed_);
  std::map<std::vector<size_t>, double> known;  // short parts draw the same masks often
  double sum = 0;
  for (int32_t i = 0; i < draws_; ++i) {
    const size_t count = 1 + draw_below(random, positions.size());
    const auto [drawn, fresh] = known.emplace(draw_some(random, positions, count), 0);
    if (fresh) drawn->second = masked_log_probability(canvas, drawn->first);
    sum += length / static_cast<double>(count) * drawn->second;
  }
  return sum / draws_;
}

// Of the tokens at the positions `masked`, given the others.
double Likelihood::masked_log_probability(std::span<const int32_t> canvas, std::span<const size_t> masked) {
  if (interrupted()) fail_interrupted();
  std::vector<int32_t> noisy(canvas.begin(), canvas.end());
  for (const size_t position : masked) noisy[position] = info_.mask_token;
  const auto vocabulary = static_cast<size_t>(info_.vocabulary);
  logits_.resize(noisy.size() * vocabulary);
  check(unmask_model_logits(model_, noisy.data(), static_cast<int64_t>(noisy.size()), logits_.data(),
                            static_cast<int64_t>(logits_.size())));
  ++passes_;
  rows_ += static_cast<int64_t>(noisy.size());
  double sum = 0;
  for (const size_t position : masked) {
    // Nothing predicts the first position of a model whose rows predict the next one.
    if (info_.shifted_logits != 0 && position == 0) continue;
    const size_t row = info_.shifted_logits != 0 ? position - 1 : position;
    sum += log_probability(std::span(logits_).subspan(row * vocabulary, vocabulary), canvas[position]);
  }
  return sum;
}

double Likelihood::log_probability(std::span<const float> logits, int32_t token) const {
  const auto counts = [&](size_t i) {
    return mask_is_written_ || i != static_cast<size_t>(info_.mask_token);
  };
  double best = -std::numeric_limits<double>::infinity(), sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (counts(i)) best = std::max<double>(best, logits[i]);
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    if (counts(i)) sum += std::exp(logits[i] - best);
  }
  return logits[static_cast<size_t>(token)] - best - std::log(sum);
}

ItemResult likeliest_choice(const EvalRun& run, const EvalItem& item) {
  const auto start = std::chrono::steady_clock::now();
  Likelihood likelihood(run.model, run.draws, static_cast<uint64_t>(seed_of(run.options)));
  const Prompt asked = prompt_of(item, run.chat);
  const std::vector<int32_t> prompt = tokenize(run.model, asked);
  ItemResult result;
  double best = -std::numeric_limits<double>::infinity();
  for (const std::string& choice : item.choices) {
    const std::vector<int32_t> canvas = continued(run.model, asked, prompt, choice);
    const double bound = likelihood.bound(canvas, prompt.size());
    result.tokens += static_cast<int64_t>(canvas.size() - prompt.size());
    if (bound > best) result.text = choice;
    best = std::max(best, bound);
  }
  result.id = item.id;
  result.right = is_right(find_matcher(item.matcher), result.text, item.answer);
  result.prompt_tokens = static_cast<int64_t>(prompt.size());
  result.passes = likelihood.passes();
  result.rows = likelihood.rows();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace cli
