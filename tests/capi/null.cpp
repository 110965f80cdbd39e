// NULL to every function: an error, an empty value, or nothing; never a crash.
#include "capi/fixture.h"

namespace capi_test {

namespace {

TEST(Null, DestroyFunctionsAcceptIt) {
  unmask_device_list_destroy(nullptr);
  unmask_device_destroy(nullptr);
  unmask_loader_destroy(nullptr);
  unmask_converter_destroy(nullptr);
  unmask_model_destroy(nullptr);
  unmask_messages_destroy(nullptr);
  unmask_options_destroy(nullptr);
  unmask_session_destroy(nullptr);
  unmask_decoder_destroy(nullptr);
}

TEST(Null, InitFunctionsIgnoreIt) {
  unmask_shape_init(nullptr);
  unmask_model_info_init(nullptr);
  unmask_statistics_init(nullptr);
  unmask_progress_init(nullptr);
  unmask_event_init(nullptr);
  unmask_profile_entry_init(nullptr);
}

TEST(Null, AccessorsOfNoListAreEmpty) {
  EXPECT_EQ(unmask_device_list_size(nullptr), 0);
  EXPECT_STREQ(unmask_device_list_name(nullptr, 0), "");
  EXPECT_STREQ(unmask_device_list_uuid(nullptr, 0), "");
  EXPECT_STREQ(unmask_device_list_type(nullptr, 0), "");
  EXPECT_STREQ(unmask_device_list_driver(nullptr, 0), "");
  EXPECT_EQ(unmask_device_list_memory(nullptr, 0), 0);
  EXPECT_STREQ(unmask_device_list_refusal(nullptr, 0), "");
  EXPECT_EQ(unmask_device_list_feature_count(nullptr, 0), 0);
  EXPECT_STREQ(unmask_device_list_feature_name(nullptr, 0, 0), "");
  EXPECT_EQ(unmask_device_list_feature_used(nullptr, 0, 0), 0);
  EXPECT_STREQ(unmask_device_list_feature_reason(nullptr, 0, 0), "");
}

TEST(Null, AccessorsOfNoObjectAreEmpty) {
  EXPECT_STREQ(unmask_device_name(nullptr), "");
  EXPECT_STREQ(unmask_device_driver(nullptr), "");
  EXPECT_STREQ(unmask_model_architecture(nullptr), "");
  EXPECT_STREQ(unmask_model_chat_format(nullptr), "");
  EXPECT_EQ(unmask_loader_bytes_done(nullptr), 0);
  EXPECT_EQ(unmask_loader_bytes_total(nullptr), 0);
  EXPECT_EQ(unmask_converter_bytes_done(nullptr), 0);
  EXPECT_EQ(unmask_converter_bytes_total(nullptr), 0);
  EXPECT_EQ(unmask_converter_note_count(nullptr), 0);
  EXPECT_STREQ(unmask_converter_note(nullptr, 0), "");
}

TEST(Null, ModelsRefuseIt) {
  auto shape = initialised(unmask_shape_init);
  int32_t finished = 0;
  EXPECT_REFUSED(invalid, unmask_model_open(nullptr, model_path));
  EXPECT_REFUSED(invalid, unmask_model_open(device(), nullptr));
  EXPECT_REFUSED(invalid, unmask_loader_create(nullptr, model_path));
  EXPECT_REFUSED(invalid, unmask_loader_create(device(), nullptr));
  EXPECT_REFUSED(invalid, unmask_loader_step(nullptr, &finished));
  EXPECT_REFUSED(invalid, unmask_loader_take_model(nullptr));
  EXPECT_REFUSED(invalid, unmask_converter_create(nullptr, "a.gguf", "q8_0"));
  EXPECT_REFUSED(invalid, unmask_converter_create(model_path, nullptr, "q8_0"));
  EXPECT_REFUSED(invalid, unmask_converter_create(model_path, "a.gguf", nullptr));
  EXPECT_REFUSED(invalid, unmask_converter_step(nullptr, &finished));
  EXPECT_REFUSED(invalid, unmask_model_create_random(nullptr, "llada", &shape));
  EXPECT_REFUSED(invalid, unmask_model_create_random(device(), nullptr, &shape));
  EXPECT_REFUSED(invalid, unmask_model_create_random(device(), "llada", nullptr));
  shape.dtype = nullptr;
  EXPECT_REFUSED(invalid, unmask_model_create_random(device(), "llada", &shape));
}

TEST(Null, LoaderStepsNeedAResult) {
  const Loader loader(unmask_loader_create(device(), model_path));
  ASSERT_NE(loader, nullptr) << unmask_last_error();
  EXPECT_REFUSED(invalid, unmask_loader_step(loader.get(), nullptr));
}

TEST(Null, ModelFunctionsRefuseIt) {
  auto info = initialised(unmask_model_info_init);
  int32_t token = 0;
  float logit = 0;
  char text[8];
  EXPECT_REFUSED(invalid, unmask_model_get_info(nullptr, &info));
  EXPECT_REFUSED(invalid, unmask_model_get_info(model(), nullptr));
  EXPECT_REFUSED(invalid, unmask_model_tokenize(nullptr, "a", &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize(model(), nullptr, &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize(model(), "a", nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_chat(nullptr, "a", &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_chat(model(), nullptr, &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_chat(model(), "a", nullptr, 1));
  const Messages messages(unmask_messages_create());
  EXPECT_REFUSED(invalid, unmask_messages_add(nullptr, "user", "a"));
  EXPECT_REFUSED(invalid, unmask_messages_add(messages.get(), nullptr, "a"));
  EXPECT_REFUSED(invalid, unmask_messages_add(messages.get(), "user", nullptr));
  EXPECT_EQ(unmask_messages_add(messages.get(), "user", "a"), UNMASK_OK) << unmask_last_error();
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(nullptr, messages.get(), &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(model(), nullptr, &token, 1));
  EXPECT_REFUSED(invalid, unmask_model_tokenize_messages(model(), messages.get(), nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_model_detokenize(nullptr, &token, 1, 0, text, 8));
  EXPECT_REFUSED(invalid, unmask_model_detokenize(model(), nullptr, 1, 0, text, 8));
  EXPECT_REFUSED(invalid, unmask_model_detokenize(model(), &token, 1, 0, nullptr, 8));
  EXPECT_REFUSED(invalid, unmask_model_logits(nullptr, &token, 1, &logit, 1));
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), nullptr, 1, &logit, 1));
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), &token, 1, nullptr, 1));
}

TEST(Null, OptionsRefuseIt) {
  const Options made(unmask_options_create());
  EXPECT_REFUSED(invalid, unmask_options_set_number(nullptr, "temperature", 1));
  EXPECT_REFUSED(invalid, unmask_options_set_number(made.get(), nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(nullptr, "length", 1));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(made.get(), nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_options_set_text(nullptr, "remasking", "random"));
  EXPECT_REFUSED(invalid, unmask_options_set_text(made.get(), nullptr, "random"));
  EXPECT_REFUSED(invalid, unmask_options_set_text(made.get(), "remasking", nullptr));
}

TEST(Null, SessionsRefuseIt) {
  const Session made = session(4);
  const int32_t token = 0;
  int32_t out = 0;
  auto statistics = initialised(unmask_statistics_init);
  EXPECT_REFUSED(invalid, unmask_session_create(nullptr, nullptr));
  EXPECT_REFUSED(invalid, unmask_session_set_prompt(nullptr, "a"));
  EXPECT_REFUSED(invalid, unmask_session_set_prompt(made.get(), nullptr));
  EXPECT_REFUSED(invalid, unmask_session_set_chat(nullptr, "a"));
  EXPECT_REFUSED(invalid, unmask_session_set_chat(made.get(), nullptr));
  EXPECT_REFUSED(invalid, unmask_session_set_messages(made.get(), nullptr));
  const Messages messages(unmask_messages_create());
  EXPECT_REFUSED(invalid, unmask_session_set_messages(nullptr, messages.get()));
  EXPECT_REFUSED(invalid, unmask_session_set_tokens(nullptr, &token, 1));
  EXPECT_REFUSED(invalid, unmask_session_set_tokens(made.get(), nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_session_set_canvas(nullptr, nullptr, 0, 0));
  EXPECT_REFUSED(invalid, unmask_session_write(nullptr, 0, nullptr, 0));
  EXPECT_REFUSED(invalid, unmask_session_mask(nullptr, 0, 0));
  EXPECT_REFUSED(invalid, unmask_session_pin(nullptr, 0, 0, 1));
  EXPECT_REFUSED(invalid, unmask_session_pinned(nullptr, 0));
  EXPECT_REFUSED(invalid, unmask_session_predict(nullptr, nullptr, 0, 1, nullptr, nullptr));
  EXPECT_REFUSED(invalid, unmask_session_get_tokens(nullptr, &out, 1));
  EXPECT_REFUSED(invalid, unmask_session_get_tokens(made.get(), nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_session_prompt_length(nullptr));
  EXPECT_REFUSED(invalid, unmask_session_masks_left(nullptr));
  EXPECT_REFUSED(invalid, unmask_session_text(nullptr));
  EXPECT_REFUSED(invalid, unmask_session_get_statistics(nullptr, &statistics));
  EXPECT_REFUSED(invalid, unmask_session_get_statistics(made.get(), nullptr));
}

TEST(Null, DecodersRefuseIt) {
  const Session made = session(4);
  unmask_session* with_hole[] = {made.get(), nullptr};
  unmask_session* only_hole[] = {nullptr};
  EXPECT_REFUSED(invalid, unmask_decoder_create(nullptr, 1, nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_create(with_hole, 2, nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_create(only_hole, 1, nullptr));
  auto progress = initialised(unmask_progress_init);
  auto event = initialised(unmask_event_init);
  auto entry = initialised(unmask_profile_entry_init);
  EXPECT_REFUSED(invalid, unmask_decoder_step(nullptr, &progress));
  EXPECT_REFUSED(invalid, unmask_decoder_cancel(nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_next_event(nullptr, &event));
  EXPECT_REFUSED(invalid, unmask_decoder_set_profiling(nullptr, 1));
  EXPECT_REFUSED(invalid, unmask_decoder_profile_count(nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_memory(nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_get_profile(nullptr, 0, &entry));
  const Decoder decoding = decoder(made.get());
  EXPECT_REFUSED(invalid, unmask_decoder_next_event(decoding.get(), nullptr));
  EXPECT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << "progress may be NULL";
}

TEST(Null, MeasuringRefusesIt) {
  double fast = 0, slow = 0;
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(nullptr, 16, 16, 16, "f32", 1, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, 16, nullptr, 1, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, 16, "f32", 1, nullptr, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, 16, "f32", 1, &fast, nullptr));
}

TEST(Null, LogSinkGoesBackToStderr) { unmask_log_set_sink(nullptr, nullptr); }

}  // namespace

}  // namespace capi_test
