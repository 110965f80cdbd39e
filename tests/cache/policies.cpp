// What every policy's plans have in common, over the index: a canvas is filled at random, and nothing is run.
#include "cache/policy.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

namespace unmask::cache {
namespace {

constexpr uint32_t base_slot = 64, prompt_length = 7, length = 28, block = 7;
constexpr int32_t mask_token = 99;

struct Case {
  std::string policy;
  bool shifted_logits;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const PolicyInfo& p : policies())
    for (const bool shifted : {false, true}) all.push_back({std::string(p.name), shifted});
  return all;
}

// A text as a policy sees it, and the slots that were written for it so far.
class Text {
 public:
  Text(const Case& c, uint32_t seed)
      : case_(c), policy_(make_policy(c.policy, {.cache_steps = 5, .gen_interval_steps = 3})), random_(seed) {
    std::fill_n(tokens_.begin(), prompt_length, 1);
  }

  void fill() {
    for (uint32_t begin = prompt_length; begin < length; begin += block)
      while (!masks(begin).empty()) step(begin);
  }

 private:
  std::vector<uint32_t> masks(uint32_t begin) const {
    std::vector<uint32_t> all;
    for (uint32_t p = begin; p < begin + block; ++p)
      if (tokens_[p] == mask_token) all.push_back(p);
    return all;
  }

  void step(uint32_t begin) {
    std::vector<uint32_t> open = masks(begin), chosen = open;
    std::ranges::shuffle(chosen, random_);
    chosen.resize(std::min<size_t>(chosen.size(), 1 + random_() % 2));
    // A finished block is computed once, so that the token which its last row predicts is filled then.
    if (case_.policy == "block" && case_.shifted_logits) chosen = {open.front()};
    std::ranges::sort(chosen);
    std::vector<uint32_t> asked = policy_->asks_only_what_is_filled() ? chosen : open;
    for (uint32_t& p : asked) p -= case_.shifted_logits ? 1 : 0;
    model::ForwardPlan plan;
    policy_->plan({.base_slot = base_slot,
                   .length = length,
                   .prompt_length = prompt_length,
                   .block_length = case_.policy == "block" ? block : 0,
                   .shifted_logits = case_.shifted_logits,
                   .window_begin = begin,
                   .window_end = begin + block,
                   .first_open = open.front(),
                   .tokens = tokens_,
                   .mask_token = mask_token,
                   .asked = asked},
                  plan);
    check_rows(plan, asked);
    check_keys(plan);
    for (const uint32_t p : chosen) tokens_[p] = 1;
  }

  static void check_rows(const model::ForwardPlan& plan, const std::vector<uint32_t>& asked) {
    std::set<uint32_t> positions;
    for (const tensor::Row& row : plan.rows) {
      EXPECT_EQ(row.slot, base_slot + row.position);
      EXPECT_LT(row.position, length);
      EXPECT_TRUE(positions.insert(row.position).second) << row.position << " twice";
    }
    for (const uint32_t p : asked) EXPECT_TRUE(positions.contains(p)) << p << " is asked for";
  }

  void check_keys(const model::ForwardPlan& plan) {
    for (size_t i = 0; i < plan.rows.size(); ++i) {
      const bool computed = std::ranges::binary_search(plan.computed, static_cast<uint32_t>(i));
      if (!computed) {
        EXPECT_TRUE(written_.contains(plan.rows[i].slot)) << "what it keeps was never computed";
      }
    }
    for (const tensor::Row& row : plan.rows) written_.insert(row.slot);
    ASSERT_EQ(plan.ranges.size(), plan.rows.size());
    for (const tensor::KeyRanges& r : plan.ranges) {
      check_range(r.begin0, r.end0);
      check_range(r.begin1, r.end1);
    }
    for (const uint32_t slot : plan.kept_to) EXPECT_TRUE(written_.contains(slot));
  }

  void check_range(uint32_t begin, uint32_t end) const {
    EXPECT_LE(begin, end);
    for (uint32_t slot = begin; slot < end; ++slot)
      EXPECT_TRUE(written_.contains(slot)) << "slot " << slot << " is read before it is written";
  }

  const Case& case_;
  std::unique_ptr<Policy> policy_;
  std::minstd_rand random_;
  std::vector<int32_t> tokens_ = std::vector<int32_t>(length, mask_token);
  std::set<uint32_t> written_;
};

class Policies : public testing::TestWithParam<Case> {};

TEST_P(Policies, ComputeWhatIsAskedAndReadOnlyWhatWasWritten) {
  for (uint32_t seed = 1; seed <= 20; ++seed) Text(GetParam(), seed).fill();
}

INSTANTIATE_TEST_SUITE_P(Index, Policies, testing::ValuesIn(cases()), [](const auto& param) {
  std::string name = param.param.policy + (param.param.shifted_logits ? "_shifted" : "");
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace unmask::cache
