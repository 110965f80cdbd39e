// Dream's sampler (Ye et al. 2025, arXiv 2508.15487): masks of the whole region are filled in any order, as
// many per step as a schedule of times says. Confidence is taken under the distribution that is sampled:
// tempered, top-p and top-k filtered.
//
// Three differences that cost no token: a step that would fill nothing is skipped (with as many steps as
// tokens the published loop's first one always is); `origin` draws its positions before its tokens, so that
// only they go through the LM head; and nothing is computed once the text has ended (option stop_at_end). One
// that may: no step fills more masks than can be read back; those over the limit wait for the next.
#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

constexpr uint32_t origin_noise = 0xFFFFFFFDu;  // in the token's place of the noise counter

tensor::Confidence measure(DreamAlgorithm algorithm) {
  if (algorithm == DreamAlgorithm::topk_margin) return tensor::Confidence::margin;
  if (algorithm == DreamAlgorithm::entropy) return tensor::Confidence::negative_entropy;
  return tensor::Confidence::probability;
}

class DreamProgress {
 public:
  explicit DreamProgress(const Session& s) : session_(&s) {
    const uint32_t region = s.length() - s.prompt_length();
    require(region <= most_candidates_per_sequence, Status::invalid_argument,
            "A length of {} tokens is too much for strategy dream, which fills them in any order; the most "
            "is {}.",
            region, most_candidates_per_sequence);
  }

  Request next(uint32_t session) {
    const Window region = {session_->prompt_length(), session_->length()};
    const std::vector<uint32_t> masked = masked_positions(*session_, region);
    const SessionOptions& o = session_->options();
    const bool origin = o.algorithm == DreamAlgorithm::origin;
    while (true) {
      std::vector<uint32_t> chosen = origin ? draw(masked) : masked;
      const uint32_t count = origin ? static_cast<uint32_t>(chosen.size()) : share();
      const Stage stage = {step_, o.steps, true};
      if (!last_step()) ++step_;
      if (count == 0) continue;
      return {.session = session,
              .window = region,
              .positions = std::move(chosen),
              .commitment = {.at_least = std::min(count, most_commits_per_step),
                             .ranked_by = measure(o.algorithm),
                             .rank_temperature = origin ? 0 : o.algorithm_temperature,
                             .ranked_as_sampled = true},
              .stage = stage};
    }
  }

 private:
  bool last_step() const { return step_ + 1 >= session_->options().steps; }

  // In float32 from both ends, as the published schedule is: what a step fills is a rounded product.
  float time(uint32_t step) const {
    const SessionOptions& o = session_->options();
    const float stride = (o.end_time - 1.0f) / static_cast<float>(o.steps);
    return step < (o.steps + 1) / 2 ? 1.0f + stride * static_cast<float>(step)
                                    : o.end_time - stride * static_cast<float>(o.steps - step);
  }

  // The share of the masks that this step fills, or each mask's chance.
  float ratio() const { return last_step() ? 1.0f : 1.0f - time(step_ + 1) / time(step_); }

  uint32_t share() const {
    return static_cast<uint32_t>(static_cast<float>(session_->masks_left()) * ratio());
  }

  std::vector<uint32_t> draw(const std::vector<uint32_t>& masked) const {
    const uint64_t seed = session_->options().seed;
    std::vector<uint32_t> drawn;
    for (const uint32_t position : masked) {
      const auto noise = philox({step_, position, origin_noise, 0},
                                {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
      if (last_step() || uniform_from_bits(noise[0]) < ratio()) drawn.push_back(position);
    }
    return drawn;
  }

  const Session* session_;
  uint32_t step_ = 0;
};

class Dream final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    Capacity capacity = {.ranked_as_sampled = true};
    for (const Session* s : sessions) {
      progress_.emplace_back(*s);
      capacity.candidates += s->length() - s->prompt_length();
    }
    return capacity;
  }

  bool round(Run& run) override {
    return denoise(run, [&](uint32_t i) { return progress_[i].next(i); });
  }

 private:
  std::vector<DreamProgress> progress_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_dream() { return std::make_unique<Dream>(); }

}  // namespace unmask::decode
