// Devices and models shared by threads, sessions and decoders not.
#include <atomic>
#include <thread>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

std::string decode(const char* prompt) {
  const Session made = session(6, prompt);
  const Decoder decoding = decoder(made.get());
  EXPECT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
  return unmask_session_text(made.get());
}

TEST(Threads, ShareAModel) {
  const std::string prompts[] = {"Tom has 3 apples.", "Mia", "A book has 52 pages."};
  std::vector<std::string> alone, together(3);
  for (const std::string& prompt : prompts) alone.push_back(decode(prompt.c_str()));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 3; ++i) threads.emplace_back([&, i] { together[i] = decode(prompts[i].c_str()); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(together, alone);
}

TEST(Threads, HaveALastErrorEach) {
  EXPECT_EQ(unmask_session_masks_left(nullptr), -1);
  std::thread([] {
    EXPECT_EQ(unmask_last_status(), UNMASK_OK);
    EXPECT_STREQ(unmask_last_error(), "");
    EXPECT_EQ(unmask_device_open("no such device"), nullptr);
    EXPECT_EQ(unmask_last_status(), UNMASK_NOT_FOUND);
  }).join();
  EXPECT_EQ(unmask_last_status(), UNMASK_INVALID_ARGUMENT);
}

// Another thread polls a session of the decoder while this one steps: whoever comes second gets wrong_state.
TEST(Threads, MeetInsideADecoderWithAnError) {
  const Session made = session(200);
  const Decoder decoding = decoder(made.get());
  std::atomic<bool> stop = false;
  std::atomic<int> refused = 0;
  std::thread other([&] {
    while (!stop) {
      if (unmask_session_masks_left(made.get()) >= 0) continue;
      EXPECT_EQ(unmask_last_status(), UNMASK_WRONG_STATE) << unmask_last_error();
      ++refused;
    }
  });
  auto progress = initialised(unmask_progress_init);
  while (progress.finished == 0 && refused == 0) {
    const unmask_status status = unmask_decoder_step(decoding.get(), &progress);
    ASSERT_TRUE(status == UNMASK_OK || status == UNMASK_WRONG_STATE) << unmask_last_error();
  }
  stop = true;
  other.join();
  EXPECT_GT(refused, 0);
}

TEST(Threads, CancelFromAnyOfThem) {
  const Session made = session(200);
  const Decoder decoding = decoder(made.get());
  std::atomic<bool> started = false;
  std::thread other([&] {
    while (!started) std::this_thread::yield();
    EXPECT_EQ(unmask_decoder_cancel(decoding.get()), UNMASK_OK);
  });
  unmask_status status = UNMASK_OK;
  while (status == UNMASK_OK) {
    status = unmask_decoder_step(decoding.get(), nullptr);
    started = true;
  }
  other.join();
  EXPECT_EQ(status, UNMASK_CANCELLED) << unmask_last_error();
}

TEST(Threads, SetOptionsOneAtATime) {
  const Options shared(unmask_options_create());
  const auto set_often = [&] {
    for (int i = 1; i < 2000; ++i) {
      const unmask_status status = unmask_options_set_integer(shared.get(), "length", i);
      ASSERT_TRUE(status == UNMASK_OK || status == UNMASK_WRONG_STATE);
    }
  };
  std::thread other(set_often);
  for (int i = 0; i < 200; ++i) {
    const Session made(unmask_session_create(model(), shared.get()));
    ASSERT_TRUE(made != nullptr || unmask_last_status() == UNMASK_WRONG_STATE ||
                unmask_last_status() == UNMASK_INVALID_ARGUMENT)
        << unmask_last_error();
  }
  other.join();
}

TEST(Log, GoesToTheSinkOneMessageAtATime) {
  std::vector<std::string> messages;
  const auto collect = [](void* to, int32_t level, const char* text) {
    EXPECT_GE(level, UNMASK_LOG_INFO);
    EXPECT_LE(level, UNMASK_LOG_ERROR);
    static_cast<std::vector<std::string>*>(to)->emplace_back(text);
  };
  unmask_log_set_sink(collect, &messages);
  decode("Tom");
  std::thread other([] { decode("Mia"); });
  other.join();
  unmask_log_set_sink(nullptr, nullptr);
  for (const std::string& message : messages) EXPECT_NE(message, "");
}

}  // namespace

}  // namespace capi_test
