#include "decode/options.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "support/expect_error.h"

namespace unmask::decode {
namespace {

using testing::HasSubstr;
using tests::sentence_of;

TEST(Options, DefaultsAreTheTables) {
  const Options options;
  for (const OptionInfo& o : option_table()) {
    switch (o.kind) {
      case OptionKind::number:
        EXPECT_EQ(options.number(o.name), o.default_number) << o.name;
        break;
      case OptionKind::integer:
      case OptionKind::flag:
        EXPECT_EQ(options.integer(o.name), o.default_number) << o.name;
        break;
      case OptionKind::text:
        EXPECT_EQ(options.text(o.name), o.default_text) << o.name;
        break;
    }
  }
}

TEST(Options, EveryDefaultIsInItsRange) {
  for (const OptionInfo& o : option_table()) {
    if (o.kind == OptionKind::text) {
      Options options;
      EXPECT_NO_THROW(options.set_text(o.name, o.default_text)) << o.name;
    } else {
      EXPECT_LE(o.minimum, o.default_number) << o.name;
      EXPECT_GE(o.maximum, o.default_number) << o.name;
    }
  }
}

TEST(Options, RefusesWhatMakesNoSense) {
  Options o;
  EXPECT_THAT(sentence_of([&] { o.set_number("lenght", 3); }),
              HasSubstr("There is no option 'lenght'. Known: length"));
  EXPECT_THAT(sentence_of([&] { o.set_integer("length", 0); }), HasSubstr("must be between 1 and"));
  EXPECT_THAT(sentence_of([&] { o.set_number("temperature", NAN); }), HasSubstr("must be between 0 and"));
  EXPECT_THAT(sentence_of([&] { o.set_number("length", 2.5); }), HasSubstr("whole number"));
  EXPECT_THAT(sentence_of([&] { o.set_number("length", INFINITY); }), HasSubstr("whole number"));
  EXPECT_THAT(sentence_of([&] { o.set_text("remasking", "best"); }),
              HasSubstr("one of low_confidence|random"));
  EXPECT_THAT(sentence_of([&] { o.set_text("remasking", ""); }), HasSubstr("one of"));
  EXPECT_THAT(sentence_of([&] { o.set_text("length", "long"); }), HasSubstr("takes a number"));
  EXPECT_THAT(sentence_of([&] { o.set_integer("remasking", 1); }), HasSubstr("not an integer"));
  EXPECT_THAT(sentence_of([&] { static_cast<void>(o.text("seed")); }), HasSubstr("not text"));
}

TEST(Options, KeepsAllBitsOfTheSeed) {
  Options o;
  o.set_integer("seed", -4611686018427387905);
  EXPECT_EQ(SessionOptions(o).seed, static_cast<uint64_t>(-4611686018427387905));
}

TEST(Options, ZeroBlockAndStepsMeanTheWholeLength) {
  Options o;
  o.set_integer("length", 40);
  o.set_integer("block", 0);
  SessionOptions s(o);
  s.resolve_block(0);
  EXPECT_EQ(s.block, 40u);
  EXPECT_EQ(s.steps, 40u);
}

TEST(Options, TheBlockIsTheModelsOwnUnlessSet) {
  Options o;
  SessionOptions full(o), by_blocks(o);
  full.resolve_block(0);
  by_blocks.resolve_block(4);
  EXPECT_EQ(full.block, 32u);
  EXPECT_EQ(by_blocks.block, 4u);
  o.set_integer("block", 8);
  SessionOptions set(o);
  set.resolve_block(4);
  EXPECT_EQ(set.block, 8u);
  o.set_integer("block", 0);
  EXPECT_THAT(sentence_of([&] { SessionOptions(o).resolve_block(4); }), HasSubstr("goes by blocks"));
}

}  // namespace
}  // namespace unmask::decode
