// Objects keep alive what they were made from, so that they may be destroyed in any order, and again and
// again.
#include <algorithm>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

// Everything that one decode needs, of its own.
struct World {
  Device device{unmask_device_open(nullptr)};
  Model model{unmask_model_open(device.get(), model_path)};
  Options options = capi_test::options(3);
  Session first{unmask_session_create(model.get(), options.get())};
  Session second{unmask_session_create(model.get(), options.get())};
  Decoder decoder;

  World() {
    EXPECT_EQ(unmask_session_set_prompt(first.get(), "Tom"), UNMASK_OK) << unmask_last_error();
    EXPECT_EQ(unmask_session_set_prompt(second.get(), "Mia has"), UNMASK_OK) << unmask_last_error();
    unmask_session* const both[] = {first.get(), second.get()};
    decoder.reset(unmask_decoder_create(both, 2, nullptr));
  }
};

TEST(Lifetime, DestructionOrderIsFree) {
  std::mt19937 random(3);
  for (int repeat = 0; repeat < 6; ++repeat) {
    World world;
    ASSERT_EQ(unmask_decoder_step(world.decoder.get(), nullptr), UNMASK_OK) << unmask_last_error();
    std::vector<std::function<void()>> ends = {
        [&] { world.device.reset(); }, [&] { world.model.reset(); },  [&] { world.options.reset(); },
        [&] { world.first.reset(); },  [&] { world.second.reset(); }, [&] { world.decoder.reset(); }};
    std::shuffle(ends.begin(), ends.end(), random);
    for (const auto& end : ends) end();
  }
}

TEST(Lifetime, ADecoderGoesOnWithoutItsParents) {
  World world;
  world.device.reset();
  world.model.reset();
  world.options.reset();
  world.second.reset();
  EXPECT_EQ(run(world.decoder.get()), UNMASK_OK) << unmask_last_error();
  world.decoder.reset();
  EXPECT_NE(unmask_session_text(world.first.get()), nullptr) << unmask_last_error();
  EXPECT_EQ(unmask_session_masks_left(world.first.get()), 0);
}

TEST(Lifetime, SessionsServeOneDecoderAfterAnother) {
  const Session made = session(3);
  std::vector<std::string> texts;
  for (int repeat = 0; repeat < 3; ++repeat) {
    ASSERT_EQ(unmask_session_set_prompt(made.get(), "Tom has"), UNMASK_OK) << unmask_last_error();
    const Decoder decoding = decoder(made.get());
    ASSERT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
    texts.emplace_back(unmask_session_text(made.get()));
  }
  EXPECT_EQ(texts, std::vector(3, texts[0]));
}

TEST(Lifetime, ObjectsComeAndGo) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    const DeviceList list(unmask_device_list_create());
    const Model opened(unmask_model_open(device(), model_path));
    const Session made(unmask_session_create(opened.get(), options(3).get()));
    const Decoder decoding = decoder(made.get());
    ASSERT_NE(decoding, nullptr);
  }
}

}  // namespace

}  // namespace capi_test
