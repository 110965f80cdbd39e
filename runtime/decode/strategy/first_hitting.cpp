// The first-hitting sampler (Zheng et al. 2024, arXiv 2409.02908): each pass reveals uniformly random masks,
// one at a time, or as many as go evenly into the steps asked for. One at a time is the limit of the
// ancestral sampler for fine steps, without its cost: the time at which a mask is revealed matters only to a
// model that is told the time.
#include "decode/random_order.h"
#include "decode/schedule.h"
#include "decode/strategy.h"

namespace unmask::decode {

namespace {

std::vector<RevealGroup> in_shares(const std::vector<Reveal>& reveals, uint32_t steps) {
  std::vector<RevealGroup> groups;
  size_t next = 0;
  for (const uint32_t share : spread(static_cast<uint32_t>(reveals.size()), steps)) {
    if (share == 0) break;
    RevealGroup& group = groups.emplace_back();
    for (uint32_t i = 0; i < share; ++i) group.positions.push_back(reveals[next++].position);
  }
  return groups;
}

class FirstHitting final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override {
    for (const Session* s : sessions) {
      const uint32_t steps = s->options().steps;
      orders_.emplace_back(*s, [steps](const auto& reveals) { return in_shares(reveals, steps); });
    }
    return capacity(sessions);
  }

  bool round(Run& run) override {
    return denoise(run, [&](uint32_t i) { return orders_[i].next(i); });
  }

 private:
  std::vector<RandomOrder> orders_;  // one per session
};

}  // namespace

std::unique_ptr<Strategy> make_first_hitting() { return std::make_unique<FirstHitting>(); }

}  // namespace unmask::decode
