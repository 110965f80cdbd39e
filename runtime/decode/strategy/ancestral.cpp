// MDLM's ancestral sampler (Sahoo et al. 2024, arXiv 2406.07524): time goes from 1 to `last_time` in T equal
// steps (option steps), and in a step from t to s each mask becomes a token with probability (t - s) / t,
// drawn from the model's prediction. What is still masked then gets its most probable token.
//
// Event-driven: times of revealing are drawn first, and a step that reveals nothing is no pass. With L masks
// T (1 - (1 - 1/T)^L) passes are expected, one more where something is left for the end. The law is that of
// the original, which asks for every row in every step and draws two things by one race: whether a mask is
// revealed, and as what.
#include <algorithm>
#include <cmath>
#include <variant>

#include "base/error.h"
#include "decode/random_order.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

constexpr double last_time = 1e-5;

std::vector<RevealGroup> by_steps(const std::vector<Reveal>& reveals, uint32_t steps) {
  std::vector<RevealGroup> groups;
  uint32_t last_step = 0;
  for (const Reveal& reveal : reveals) {
    const auto step = static_cast<uint32_t>((1 - reveal.time) / (1 - last_time) * steps);
    if (groups.empty() || step != last_step) groups.push_back({{}, step < steps, {step, steps, true}});
    groups.back().positions.push_back(reveal.position);
    last_step = step;
  }
  return groups;
}

// The original's own way, for its published fp32 noise (option compat_fp32_gumbel): in a step from t to s
// every mask takes the best of ln((t - s) p_token) + G_token and ln(s) + G_mask. Where s is far larger than t
// - s and the noise G ends at 16.6, tokens with (t - s) p < s 2^-24 cannot win. Every step is a pass, for
// every mask.
class Race {
 public:
  explicit Race(const Session& s) : session_(&s) {
    const SessionOptions& o = s.options();
    require(sampling_temperature(o) == 1 && o.top_k == 0 && o.top_p >= 1, Status::invalid_argument,
            "Option compat_fp32_gumbel draws as the published code does: at temperature 1, without top_k and "
            "top_p.");
    const uint32_t masks = capacity(s);
    require(masks <= most_candidates_per_sequence && masks / o.steps < most_commits_per_step / 2,
            Status::invalid_argument,
            "{} masks in {} steps are too many for option compat_fp32_gumbel; use more steps or a shorter "
            "length.",
            masks, o.steps);
  }

  static uint32_t capacity(const Session& s) { return std::min(s.masks_left(), s.model().config.positions); }

  Request next(uint32_t session) {
    if (session_->masks_in(window_.begin, window_.end) == 0) {
      window_ = next_window(*session_);
      step_ = 0;
    }
    const uint32_t steps = session_->options().steps;
    Request request = {.session = session,
                       .window = window_,
                       .positions = masked_positions(*session_, window_),
                       .commitment = {},
                       .visible = window_,
                       .stage = {step_, steps, true}};
    if (step_ < steps) {
      const double t = time(step_), s = time(step_ + 1);
      request.commitment = {.ranked_by = tensor::Confidence::race,
                            .rule = tensor::CommitRule::threshold,
                            .parameter = static_cast<float>(std::log(s / (t - s)))};
      request.temperature = 1;
    } else {
      request.commitment.at_least =
          std::min(static_cast<uint32_t>(request.positions.size()), most_commits_per_step);
      request.temperature = 0;
    }
    request.draw = step_++;
    return request;
  }

 private:
  double time(uint32_t step) const { return 1 - (1 - last_time) * step / session_->options().steps; }

  const Session* session_;
  Window window_ = {0, 0};
  uint32_t step_ = 0;
};

class Ancestral final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) orders_.push_back(order_of(*s));
    Capacity all = capacity(sessions);
    for (const Session* s : sessions)
      if (s->options().compat_fp32_gumbel) all.candidates += Race::capacity(*s);
    return all;
  }

  bool round(Run& run) override {
    const auto next = [&](uint32_t i) {
      return std::visit([&](auto& order) { return order.next(i); }, orders_[i]);
    };
    return denoise(run, next);
  }

 private:
  using Order = std::variant<RandomOrder, Race>;

  static Order order_of(const Session& s) {
    const uint32_t steps = s.options().steps;
    RandomOrder random(s, [steps](const auto& reveals) { return by_steps(reveals, steps); });
    if (s.options().compat_fp32_gumbel) return Race(s);
    return random;
  }

  std::vector<Order> orders_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_ancestral() { return std::make_unique<Ancestral>(); }

}  // namespace unmask::decode
