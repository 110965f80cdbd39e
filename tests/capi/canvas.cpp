// The canvas as its caller edits it: seeds, pins, masks to write anew, and predictions that commit nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

std::vector<int32_t> tokens_of(const unmask_session* session) {
  std::vector<int32_t> tokens(static_cast<size_t>(unmask_session_get_tokens(session, nullptr, 0)));
  unmask_session_get_tokens(session, tokens.data(), static_cast<int64_t>(tokens.size()));
  return tokens;
}

unmask_model_info info() {
  auto made = initialised(unmask_model_info_init);
  EXPECT_EQ(unmask_model_get_info(model(), &made), UNMASK_OK) << unmask_last_error();
  return made;
}

Session session_with_canvas(const std::vector<int32_t>& tokens, int64_t prompt_length) {
  Session made(unmask_session_create(model(), options(4).get()));
  EXPECT_EQ(unmask_session_set_canvas(made.get(), tokens.data(), static_cast<int64_t>(tokens.size()),
                                      prompt_length),
            UNMASK_OK)
      << unmask_last_error();
  return made;
}

TEST(Canvas, IsWhatWasGivenAndOnlyItsMasksAreWritten) {
  const int32_t mask = info().mask_token;
  const std::vector<int32_t> given = {7, 8, mask, 9, mask, mask, 10, 11};
  const Session made = session_with_canvas(given, 2);
  EXPECT_EQ(tokens_of(made.get()), given);
  EXPECT_EQ(unmask_session_masks_left(made.get()), 3);
  ASSERT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> written = tokens_of(made.get());
  for (size_t i = 0; i < given.size(); ++i) EXPECT_EQ(written[i] == given[i], given[i] != mask) << i;
  auto statistics = initialised(unmask_statistics_init);
  ASSERT_EQ(unmask_session_get_statistics(made.get(), &statistics), UNMASK_OK);
  EXPECT_EQ(statistics.forward_passes, 3) << "one token per step unless `steps` is given";
}

TEST(Canvas, ARegionIsWrittenAnewAsOftenAsItIsMasked) {
  const Session made = session(6);
  ASSERT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> first = tokens_of(made.get());
  const int64_t begin = unmask_session_prompt_length(made.get()) + 2;
  ASSERT_EQ(unmask_session_mask(made.get(), begin, 3), UNMASK_OK) << unmask_last_error();
  EXPECT_EQ(unmask_session_masks_left(made.get()), 3);
  ASSERT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> second = tokens_of(made.get());
  for (size_t i = 0; i < first.size(); ++i) {
    const bool masked = static_cast<int64_t>(i) >= begin && static_cast<int64_t>(i) < begin + 3;
    EXPECT_TRUE(masked || second[i] == first[i]) << i;
  }
}

TEST(Canvas, PinnedTokensAndThePromptRefuseToChange) {
  const Session made = session(6);
  const int64_t begin = unmask_session_prompt_length(made.get());
  const std::array<int32_t, 2> seed = {21, 22};
  ASSERT_EQ(unmask_session_write(made.get(), begin + 1, seed.data(), 2), UNMASK_OK) << unmask_last_error();
  ASSERT_EQ(unmask_session_pin(made.get(), begin + 1, 2, 1), UNMASK_OK) << unmask_last_error();
  EXPECT_EQ(unmask_session_pinned(made.get(), begin + 2), 1);
  EXPECT_EQ(unmask_session_pinned(made.get(), begin + 3), 0);
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_mask(made.get(), begin, 6));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_write(made.get(), begin + 2, seed.data(), 1));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_pin(made.get(), begin + 2, 2, 1));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_mask(made.get(), begin - 1, 1));
  ASSERT_EQ(unmask_session_pin(made.get(), begin + 2, 1, 0), UNMASK_OK);
  EXPECT_EQ(unmask_session_mask(made.get(), begin + 2, 1), UNMASK_OK) << unmask_last_error();
  ASSERT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
  EXPECT_EQ(tokens_of(made.get())[static_cast<size_t>(begin) + 1], 21);
}

TEST(Canvas, EditingStrategiesReviseSeedsButNotPins) {
  const int32_t mask = info().mask_token;
  std::vector<int32_t> given(16, 40);
  for (const size_t gap : {3, 9, 15}) given[gap] = mask;
  const Options editing = options(4);
  ASSERT_EQ(unmask_options_set_number(editing.get(), "edit_threshold", 0), UNMASK_OK) << unmask_last_error();
  const auto changes = [&](int64_t pinned) {
    const Session made(unmask_session_create(model(), editing.get()));
    EXPECT_EQ(unmask_session_set_canvas(made.get(), given.data(), 16, 0), UNMASK_OK) << unmask_last_error();
    EXPECT_EQ(unmask_session_pin(made.get(), 0, pinned, 1), UNMASK_OK) << unmask_last_error();
    EXPECT_EQ(run(decoder(made.get()).get()), UNMASK_OK) << unmask_last_error();
    const std::vector<int32_t> written = tokens_of(made.get());
    return std::inner_product(written.begin(), written.begin() + 3, given.begin(), 0, std::plus<>(),
                              std::not_equal_to<>());
  };
  EXPECT_GT(changes(0), 0);
  EXPECT_EQ(changes(3), 0);
}

TEST(Canvas, RefusesPlacesOutsideAndIdsThatAreNone) {
  const Session made = session(4);
  const auto length = static_cast<int64_t>(tokens_of(made.get()).size());
  const std::array<int32_t, 2> none = {info().vocabulary, -1};
  const int32_t one = 1;
  for (const int64_t position : {int64_t{-1}, length, INT64_MAX}) {
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_write(made.get(), position, &one, 1));
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_mask(made.get(), position, 1));
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_pin(made.get(), position, 1, 1));
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_pinned(made.get(), position));
  }
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_mask(made.get(), length - 1, INT64_MAX));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_mask(made.get(), length - 1, -1));
  for (const int32_t& bad : none) {
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_write(made.get(), length - 1, &bad, 1));
    EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_set_canvas(made.get(), &bad, 1, 0));
  }
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_set_canvas(made.get(), &one, 1, 1));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, unmask_session_set_canvas(made.get(), &one, 1, 2));
  EXPECT_EQ(unmask_session_masks_left(made.get()), 4) << "a refused canvas leaves the old one";
}

TEST(Canvas, IsTheDecodersWhileItHasTheSession) {
  const Session made = session(4);
  const int64_t begin = unmask_session_prompt_length(made.get());
  const int32_t one = 1;
  const Decoder has = decoder(made.get());
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_set_canvas(made.get(), &one, 1, 0));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_write(made.get(), begin, &one, 1));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_mask(made.get(), begin, 1));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_pin(made.get(), begin, 1, 0));
}

TEST(Canvas, PredictionsAreTheSoftmaxOfTheLogitsAndCommitNothing) {
  const Session made = session(5);
  const std::vector<int32_t> canvas = tokens_of(made.get());
  const auto vocabulary = static_cast<size_t>(info().vocabulary);
  std::vector<float> logits(canvas.size() * vocabulary);
  ASSERT_EQ(unmask_model_logits(model(), canvas.data(), static_cast<int64_t>(canvas.size()), logits.data(),
                                static_cast<int64_t>(logits.size())),
            UNMASK_OK);
  const auto last = static_cast<int32_t>(canvas.size()) - 1;
  const std::array<int32_t, 3> positions = {last, last - 4, last};
  constexpr int32_t top = 3;
  std::array<int32_t, 9> tokens{};
  std::array<float, 9> probabilities{};
  const Decoder has = decoder(made.get());
  ASSERT_EQ(unmask_session_predict(made.get(), positions.data(), 3, top, tokens.data(), probabilities.data()),
            UNMASK_OK)
      << unmask_last_error();
  for (size_t p = 0; p < positions.size(); ++p) {
    const float* const row = logits.data() + static_cast<size_t>(positions[p]) * vocabulary;
    double sum = 0;
    for (size_t t = 0; t < vocabulary; ++t) sum += std::exp(static_cast<double>(row[t]));
    for (size_t k = p * top; k < (p + 1) * top; ++k) {
      EXPECT_NEAR(probabilities[k], std::exp(static_cast<double>(row[tokens[k]])) / sum, 1e-5) << p;
      EXPECT_TRUE(k == p * top || probabilities[k] <= probabilities[k - 1]) << k;
    }
    EXPECT_EQ(tokens[p * top], static_cast<int32_t>(std::max_element(row, row + vocabulary) - row));
  }
  EXPECT_EQ(tokens_of(made.get()), canvas);
}

TEST(Canvas, PredictionsAreRefusedOutsideTheCanvasOrTheVocabulary) {
  const Session made = session(4);
  const auto length = static_cast<int32_t>(tokens_of(made.get()).size());
  int32_t token = 0;
  float probability = 0;
  const auto predict = [&](int32_t position, int32_t top) {
    return unmask_session_predict(made.get(), &position, 1, top, &token, &probability);
  };
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, predict(-1, 1));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, predict(length, 1));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, predict(0, 0));
  EXPECT_REFUSED(UNMASK_INVALID_ARGUMENT, predict(0, info().vocabulary + 1));
  EXPECT_EQ(unmask_session_predict(made.get(), nullptr, 0, 1, nullptr, nullptr), UNMASK_OK);
  EXPECT_EQ(predict(length - 1, 1), UNMASK_OK) << unmask_last_error();
}

}  // namespace

}  // namespace capi_test
