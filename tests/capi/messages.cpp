// Conversations: what they become, and what is refused.
#include <algorithm>
#include <utility>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

constexpr unmask_status invalid = UNMASK_INVALID_ARGUMENT;

Messages messages(const std::vector<std::pair<const char*, const char*>>& list) {
  Messages made(unmask_messages_create());
  for (const auto& [role, content] : list)
    EXPECT_EQ(unmask_messages_add(made.get(), role, content), UNMASK_OK) << unmask_last_error();
  return made;
}

std::vector<int32_t> ids_of(const Messages& list) {
  std::vector<int32_t> ids(100);
  const int64_t count = unmask_model_tokenize_messages(model(), list.get(), ids.data(), 100);
  EXPECT_GT(count, 0) << unmask_last_error();
  ids.resize(static_cast<size_t>(std::max<int64_t>(count, 0)));
  return ids;
}

std::string text_of(const std::vector<int32_t>& ids) {
  std::string text(1000, '\0');
  const auto length = unmask_model_detokenize(model(), ids.data(), static_cast<int64_t>(ids.size()), 1,
                                              text.data(), static_cast<int64_t>(text.size()));
  EXPECT_GE(length, 0) << unmask_last_error();
  text.resize(static_cast<size_t>(std::max<int64_t>(length, 0)));
  return text;
}

TEST(Messages, OneOfAUserIsAChat) {
  std::vector<int32_t> chat(100);
  const int64_t count = unmask_model_tokenize_chat(model(), "How many?", chat.data(), 100);
  ASSERT_GT(count, 0) << unmask_last_error();
  chat.resize(static_cast<size_t>(count));
  EXPECT_EQ(ids_of(messages({{"user", "How many?"}})), chat);
}

TEST(Messages, FollowEachOther) {
  const Messages list = messages({{"user", "1 + 1"}, {"assistant", "2"}, {"user", "2 + <|eot|>"}});
  EXPECT_EQ(text_of(ids_of(list)),
            "<|user|>1 + 1<|eot|><|assistant|>2<|eot|><|user|>2 + <|eot|><|eot|><|assistant|>");
}

TEST(Messages, AreASessionsPrompt) {
  const Messages list = messages({{"user", "1 + 1"}, {"assistant", "2"}, {"user", "2 + 2"}});
  const Session made(unmask_session_create(model(), options(4).get()));
  ASSERT_EQ(unmask_session_set_messages(made.get(), list.get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> ids = ids_of(list);
  EXPECT_EQ(unmask_session_prompt_length(made.get()), static_cast<int64_t>(ids.size()));
  std::vector<int32_t> canvas(ids.size());
  unmask_session_get_tokens(made.get(), canvas.data(), static_cast<int64_t>(canvas.size()));
  EXPECT_EQ(canvas, ids);
  EXPECT_EQ(unmask_session_masks_left(made.get()), 4);
}

TEST(Messages, TooSmallBuffersGetTheFirstIds) {
  const Messages list = messages({{"user", "1 + 1"}});
  const std::vector<int32_t> ids = ids_of(list);
  std::vector<int32_t> two = {-7, -7, -7};
  EXPECT_EQ(unmask_model_tokenize_messages(model(), list.get(), two.data(), 2),
            static_cast<int64_t>(ids.size()));
  EXPECT_EQ(two, (std::vector<int32_t>{ids[0], ids[1], -7}));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(model(), list.get(), two.data(), -1));
}

TEST(Messages, OfUnknownRolesAreRefused) {
  const Messages list = messages({});
  for (const char* role : {"", "User", "tool", "user\nsystem", "%s%n"})
    EXPECT_REFUSED(invalid, unmask_messages_add(list.get(), role, "x"));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(model(), list.get(), nullptr, 0));
}

TEST(Messages, ThatTheLayoutLacksAreRefused) {
  const Messages list = messages({{"system", "Be brief."}, {"user", "1 + 1"}});
  const Session made = session(4);
  EXPECT_REFUSED(invalid, unmask_session_set_messages(made.get(), list.get()));
  EXPECT_EQ(unmask_session_masks_left(made.get()), 4) << "the canvas stays";
}

TEST(Messages, ThatAreNotUtf8AreRefused) {
  const Messages list = messages({{"user", "\xff"}});
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(model(), list.get(), nullptr, 0));
}

TEST(Messages, NeedAModelWithALayout) {
  auto shape = initialised(unmask_shape_init);
  shape.hidden = 32, shape.layers = 1, shape.heads = 2, shape.kv_heads = 2, shape.ffn = 16;
  shape.vocabulary = 40, shape.positions = 16, shape.dtype = "f32";
  const Model random(unmask_model_create_random(device(), "llada", &shape));
  ASSERT_NE(random, nullptr) << unmask_last_error();
  const Messages list = messages({{"user", "1 + 1"}});
  EXPECT_REFUSED(UNMASK_UNSUPPORTED, unmask_model_tokenize_messages(random.get(), list.get(), nullptr, 0));
}

TEST(Messages, AreRefusedWhileADecoderHasTheSession) {
  const Messages list = messages({{"user", "1 + 1"}});
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_set_messages(made.get(), list.get()));
}

}  // namespace

}  // namespace capi_test
