// Decoders with drafters: misuse, lifetime, cancelling, and what they tell.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

// A session of the same model whose tokens are drawn at random, so that most of its drafts are rejected.
Session random_drafter(int64_t length) {
  const Options made = options(length);
  EXPECT_EQ(unmask_options_set_number(made.get(), "temperature", 1000), UNMASK_OK) << unmask_last_error();
  Session drafter(unmask_session_create(model(), made.get()));
  EXPECT_EQ(unmask_session_set_prompt(drafter.get(), "Tom has 3 apples."), UNMASK_OK) << unmask_last_error();
  return drafter;
}

unmask_decoder* create(unmask_session* writer, unmask_session* drafter, const char* strategy = "exact") {
  return unmask_decoder_create_with_drafters(&writer, &drafter, 1, strategy);
}

std::vector<int32_t> written_alone(int64_t length) {
  const Session made = session(length);
  EXPECT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
  return canvas_of(made.get());
}

TEST(Drafters, RefuseNullAndImpossibleCounts) {
  const Session writer = session(4), drafter = session(4);
  unmask_session* const writers[] = {writer.get(), nullptr};
  unmask_session* const drafters[] = {drafter.get(), nullptr};
  EXPECT_REFUSED(invalid, unmask_decoder_create_with_drafters(nullptr, drafters, 1, "exact"));
  EXPECT_REFUSED(invalid, unmask_decoder_create_with_drafters(writers, nullptr, 1, "exact"));
  EXPECT_REFUSED(invalid, unmask_decoder_create_with_drafters(writers, drafters, 0, "exact"));
  EXPECT_REFUSED(invalid, unmask_decoder_create_with_drafters(writers, drafters, -1, "exact"));
  EXPECT_REFUSED(invalid, unmask_decoder_create_with_drafters(writers, drafters, 2, "exact"));
  EXPECT_REFUSED(invalid, create(writer.get(), nullptr));
  EXPECT_REFUSED(invalid, create(nullptr, drafter.get()));
  EXPECT_REFUSED(invalid, unmask_decoder_explanation(nullptr));
}

TEST(Drafters, RefuseStrategiesThatDoNotSuit) {
  const Session writer = session(4), drafter = session(4);
  EXPECT_REFUSED(invalid, create(writer.get(), drafter.get(), "self-draft"));
  EXPECT_REFUSED(invalid, create(writer.get(), drafter.get(), nullptr));  // "vanilla", without a schedule
  EXPECT_REFUSED(UNMASK_NOT_FOUND, create(writer.get(), drafter.get(), "no such strategy"));
  EXPECT_REFUSED(invalid, unmask_decoder_create(std::array{writer.get()}.data(), 1, "exact"));
  const Decoder decoding(create(writer.get(), drafter.get()));  // every refusal let go of both sessions
  EXPECT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
}

TEST(Drafters, RefuseASessionInTwoPlaces) {
  const Session first = session(4), second = session(4), drafter = session(4);
  unmask_session* const writers[] = {first.get(), second.get()};
  unmask_session* const same[] = {drafter.get(), drafter.get()};
  EXPECT_REFUSED(UNMASK_WRONG_STATE, create(first.get(), first.get()));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_decoder_create_with_drafters(writers, same, 2, "exact"));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_decoder_create_with_drafters(writers, writers, 2, "exact"));
  EXPECT_EQ(run(decoder(first.get()).get()), UNMASK_OK) << unmask_last_error();
}

TEST(Drafters, RefuseAnotherDevice) {
  const Device elsewhere(unmask_device_open(nullptr));
  const Model theirs(unmask_model_open(elsewhere.get(), model_path));
  const Session writer = session(4), drafter(unmask_session_create(theirs.get(), options(4).get()));
  ASSERT_EQ(unmask_session_set_prompt(drafter.get(), "Tom has 3 apples."), UNMASK_OK) << unmask_last_error();
  EXPECT_REFUSED(invalid, create(writer.get(), drafter.get()));
}

TEST(Drafters, RefuseAnotherTextOrVocabulary) {
  auto shape = initialised(unmask_shape_init);
  shape.hidden = 64, shape.layers = 1, shape.heads = 2, shape.kv_heads = 2, shape.ffn = 48;
  const Model random(unmask_model_create_random(device(), "llada", &shape));
  ASSERT_NE(random, nullptr) << unmask_last_error();
  const Session writer = session(4), longer = session(5), other = session(4, "Mia has 3 apples."),
                foreign(unmask_session_create(random.get(), options(4).get()));
  EXPECT_REFUSED(invalid, create(writer.get(), longer.get()));
  EXPECT_REFUSED(invalid, create(writer.get(), other.get()));
  EXPECT_REFUSED(invalid, create(writer.get(), foreign.get()));
}

TEST(Drafters, AreTakenUntilTheDecoderGoes) {
  const Session writer = session(4), second = session(4), drafter = session(4);
  {
    const Decoder decoding(create(writer.get(), drafter.get()));
    ASSERT_NE(decoding, nullptr) << unmask_last_error();
    EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_set_prompt(drafter.get(), "Tom"));
    EXPECT_REFUSED(UNMASK_WRONG_STATE, create(second.get(), drafter.get()));
    EXPECT_REFUSED(UNMASK_WRONG_STATE, create(drafter.get(), second.get()));
  }
  EXPECT_EQ(unmask_session_set_prompt(drafter.get(), "Tom"), UNMASK_OK) << unmask_last_error();
}

TEST(Drafters, OfCancelledDecodersAreFree) {
  const Session writer = session(12), drafter = random_drafter(12);
  {
    const Decoder decoding(create(writer.get(), drafter.get()));
    ASSERT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << unmask_last_error();
    const std::vector<int32_t> tokens = canvas_of(writer.get());
    EXPECT_EQ(unmask_decoder_cancel(decoding.get()), UNMASK_OK);
    EXPECT_REFUSED(UNMASK_CANCELLED, unmask_decoder_step(decoding.get(), nullptr));
    EXPECT_EQ(canvas_of(writer.get()), tokens) << "what was committed stays";
    EXPECT_EQ(canvas_of(drafter.get()), tokens) << "a drafter follows its writer";
  }
  const Decoder again(create(writer.get(), drafter.get()));
  EXPECT_EQ(run(again.get()), UNMASK_OK) << unmask_last_error();
}

// Everything that one drafted decode needs, of its own.
struct DraftingWorld {
  Device device{unmask_device_open(nullptr)};
  Model model{unmask_model_open(device.get(), model_path)},
      drafting{unmask_model_open(device.get(), model_path)};
  Session writer{unmask_session_create(model.get(), options(6).get())};
  Session drafter{unmask_session_create(drafting.get(), options(6).get())};
  Decoder decoder{create(writer.get(), drafter.get())};
};

TEST(Drafters, DestructionOrderIsFree) {
  std::mt19937 random(5);
  for (int repeat = 0; repeat < 6; ++repeat) {
    DraftingWorld world;
    ASSERT_EQ(unmask_decoder_step(world.decoder.get(), nullptr), UNMASK_OK) << unmask_last_error();
    std::vector<std::function<void()>> ends = {
        [&] { world.device.reset(); }, [&] { world.model.reset(); },   [&] { world.drafting.reset(); },
        [&] { world.writer.reset(); }, [&] { world.drafter.reset(); }, [&] { world.decoder.reset(); }};
    std::shuffle(ends.begin(), ends.end(), random);
    for (const auto& end : ends) end();
  }
}

TEST(Drafters, ADecoderGoesOnWithoutItsParents) {
  DraftingWorld world;
  world.device.reset(), world.model.reset(), world.drafting.reset(), world.drafter.reset();
  EXPECT_EQ(run(world.decoder.get()), UNMASK_OK) << unmask_last_error();
  EXPECT_EQ(unmask_session_masks_left(world.writer.get()), 0);
}

TEST(Drafters, ChangeNoTokenAndTellWhatBecameOfDrafts) {
  const Session writer = session(12), drafter = random_drafter(12);
  std::vector<int32_t> canvas = canvas_of(writer.get());
  const Decoder decoding(create(writer.get(), drafter.get()));
  ASSERT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
  std::map<int32_t, int64_t> count;
  auto event = initialised(unmask_event_init);
  while (unmask_decoder_next_event(decoding.get(), &event) == 1) {
    int32_t& now = canvas.at(static_cast<size_t>(event.position));
    EXPECT_EQ(event.previous, now);
    EXPECT_EQ(event.reason != UNMASK_REASON_NONE, event.kind == UNMASK_EVENT_REJECTED);
    now = event.token;
    ++count[event.kind];
  }
  for (int32_t& token : canvas) token = token == 638 ? 637 : token;  // filled because the text had ended
  EXPECT_EQ(canvas_of(writer.get()), canvas);
  EXPECT_EQ(canvas, written_alone(12));
  auto statistics = initialised(unmask_statistics_init);
  ASSERT_EQ(unmask_session_get_statistics(writer.get(), &statistics), UNMASK_OK);
  EXPECT_EQ(statistics.drafted, count[UNMASK_EVENT_DRAFTED]);
  EXPECT_EQ(statistics.accepted, count[UNMASK_EVENT_ACCEPTED]);
  EXPECT_EQ(statistics.drafted, statistics.accepted + count[UNMASK_EVENT_REJECTED]);
  EXPECT_GT(count[UNMASK_EVENT_REJECTED], 0);
}

TEST(Drafters, ExplainTheirRounds) {
  const Session writer = session(6), drafter = session(6), alone = session(4);
  const Decoder decoding(create(writer.get(), drafter.get())), plain = decoder(alone.get());
  ASSERT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << unmask_last_error();
  ASSERT_EQ(unmask_decoder_step(plain.get(), nullptr), UNMASK_OK) << unmask_last_error();
  EXPECT_NE(std::string(unmask_decoder_explanation(decoding.get())).find("draft"), std::string::npos);
  EXPECT_STREQ(unmask_decoder_explanation(plain.get()), "");
}

TEST(Drafters, CountInTheMemoryOfADecoder) {
  const Session writer = session(6), drafter = session(6), alone = session(6);
  const Decoder decoding(create(writer.get(), drafter.get())), plain = decoder(alone.get());
  EXPECT_GT(unmask_decoder_memory(decoding.get()), unmask_decoder_memory(plain.get()));
}

TEST(Drafters, AreWhatSomeStrategiesUse) {
  std::map<std::string, int32_t> uses;
  for (int32_t i = 0; i < unmask_strategy_count(); ++i)
    uses[unmask_strategy_name(i)] = unmask_strategy_drafter_use(i);
  EXPECT_EQ(uses["vanilla"], UNMASK_DRAFTER_SCHEDULED);
  EXPECT_EQ(uses["self-draft"], UNMASK_DRAFTER_UNUSED);
  EXPECT_EQ(uses["exact"], UNMASK_DRAFTER_REQUIRED);
  for (const int32_t none : {-1, unmask_strategy_count()}) EXPECT_EQ(unmask_strategy_drafter_use(none), -1);
}

}  // namespace

}  // namespace capi_test
