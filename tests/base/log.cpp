#include "base/log.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace unmask {
namespace {

TEST(Log, GoesToTheSink) {
  std::string seen;
  set_log_sink(
      [&](LogLevel level, std::string_view text) { seen = std::to_string(int(level)) + std::string(text); });
  log(LogLevel::warning, "careful");
  EXPECT_EQ(seen, "1careful");
  set_log_sink({});
  log(LogLevel::error, "nobody listens");
  EXPECT_EQ(seen, "1careful");
}

TEST(Log, IsCalledOneAtATime) {
  int calls = 0;
  set_log_sink([&](LogLevel, std::string_view) { ++calls; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) log(LogLevel::info, "tick");
    });
  for (std::thread& t : threads) t.join();
  set_log_sink({});
  EXPECT_EQ(calls, 4000);
}

}  // namespace
}  // namespace unmask
