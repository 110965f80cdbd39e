#include "decode/model_schedule.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace unmask::decode {
namespace {

using testing::HasSubstr;

// Of every step of `whole`, the model that takes it.
std::string models(const char* schedule, uint32_t whole, bool counts_steps = true) {
  const ModelSchedule parsed(schedule);
  std::string all;
  for (uint32_t i = 0; i < whole; ++i) all += parsed.is_light({i, whole, counts_steps}) ? 'L' : 'H';
  return all;
}

TEST(ModelSchedule, SegmentsTakeTheirStepsInOrder) {
  EXPECT_EQ(models("L2,H3,L1", 6), "LLHHHL");
  EXPECT_EQ(models("H1,L1,H1,L1", 4), "HLHL");
  EXPECT_EQ(models("H", 3), "HHH");
  EXPECT_EQ(models("L", 3), "LLL");
}

TEST(ModelSchedule, SharesFallAlikeAtBothEnds) {
  EXPECT_EQ(models("L0.125,H0.75,L0.125", 16), "LLHHHHHHHHHHHHLL");
  EXPECT_EQ(models("sandwich:0.25", 16), models("L0.125,H0.75,L0.125", 16));
  EXPECT_EQ(models("sandwich:0.25", 10), "LHHHHHHHHL");
  EXPECT_EQ(models("H0.375,L0.25,H0.375", 8), "HHHLLHHH");
  const std::string published = models("sandwich:0.25", 1000);
  EXPECT_EQ(published, std::string(125, 'L') + std::string(750, 'H') + std::string(125, 'L'));
  EXPECT_EQ(models("L125,H750,L125", 1000), published);
}

// A sampler that counts masks has no steps, so those of the schedule are shares.
TEST(ModelSchedule, StepsAreSharesOfMasks) {
  EXPECT_EQ(models("L125,H750,L125", 16, false), models("sandwich:0.25", 16));
}

TEST(ModelSchedule, WhatIsBeyondTheEndIsOfTheLastSegment) {
  EXPECT_TRUE(ModelSchedule("H0.5,L0.5").is_light({4, 4}));
  EXPECT_TRUE(ModelSchedule("H0.5,L0.5").is_light({0, 0}));
}

TEST(ModelSchedule, KnowsWhetherItHasUseForALightModel) {
  EXPECT_FALSE(ModelSchedule().given());
  EXPECT_FALSE(ModelSchedule("").given());
  EXPECT_FALSE(ModelSchedule("H").uses_light());
  EXPECT_FALSE(ModelSchedule("H0.5,H0.5").uses_light());
  EXPECT_TRUE(ModelSchedule("sandwich:0.1").uses_light());
}

std::string refusal_of(const auto& call) {
  try {
    call();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), Status::invalid_argument);
    return e.what();
  }
  return "(no error)";
}

TEST(ModelSchedule, RefusesWhatIsNone) {
  for (const char* bad : {"X",         "h",          "125",        "L125,",         ",H1",
                          "L125,,H1",  "L-1",        "L0",         "L1e3",          "Linf",
                          "Lnan",      "L 5",        "L5 ",        "L1.5.2",        "sandwich",
                          "sandwich:", "sandwich:0", "sandwich:1", "sandwich:-0.5", "sandwich:0.25,H1",
                          "L99999999", "L0x10"})
    EXPECT_THAT(refusal_of([&] { ModelSchedule{bad}; }), HasSubstr("is no part of a schedule. Write")) << bad;
  EXPECT_THAT(refusal_of([] { ModelSchedule{"L0.5,H3"}; }),
              HasSubstr("'H3' of a schedule counts steps, and the parts before it are shares"));
  EXPECT_THAT(refusal_of([] { ModelSchedule{"L0.5,H0.4"}; }), HasSubstr("must sum to 1, but sum to 0.9"));
  EXPECT_THAT(refusal_of([] { models("L125,H750,L125", 64); }),
              HasSubstr("has 1000 steps, but the sampler takes 64"));
}

}  // namespace
}  // namespace unmask::decode
