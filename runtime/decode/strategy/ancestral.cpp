// MDLM's ancestral sampler (Sahoo et al. 2024, arXiv 2406.07524): time goes from 1 to `last_time` in T equal
// steps (option steps), and in a step from t to s each mask becomes a token with probability (t - s) / t,
// drawn from the model's prediction. What is still masked then gets its most probable token.
//
// Event-driven: times of revealing are drawn first, and a step that reveals nothing is no pass. With L masks
// T (1 - (1 - 1/T)^L) passes are expected, one more where something is left for the end. The law is that of
// the original, which asks for every row in every step and draws two things by one race: whether a mask is
// revealed, and as what.
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
    if (groups.empty() || step != last_step) groups.push_back({{}, step < steps});
    groups.back().positions.push_back(reveal.position);
    last_step = step;
  }
  return groups;
}

class Ancestral final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) {
      const uint32_t steps = s->options().steps;
      orders_.emplace_back(*s, [steps](const auto& reveals) { return by_steps(reveals, steps); });
    }
    return capacity(sessions);
  }

  void round(Run& run) override {
    denoise(
        run, [&](uint32_t i) { return orders_[i].next(i); }, [](uint32_t) { return true; });
  }

 private:
  std::vector<RandomOrder> orders_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_ancestral() { return std::make_unique<Ancestral>(); }

}  // namespace unmask::decode
