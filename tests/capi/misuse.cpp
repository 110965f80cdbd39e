// Wrong order, wrong values, wrong sizes, wrong names: refused with the status that unmask.h promises.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <limits>
#include <vector>

#include "capi/fixture.h"

namespace capi_test {

namespace {

constexpr int32_t huge = std::numeric_limits<int32_t>::max();

TEST(Version, IsTheHeaders) {
  EXPECT_EQ(unmask_version(),
            UNMASK_VERSION_MAJOR * 10000 + UNMASK_VERSION_MINOR * 100 + UNMASK_VERSION_PATCH);
}

TEST(Status, HasANameForEveryNumber) {
  EXPECT_STREQ(unmask_status_name(UNMASK_OK), "ok");
  EXPECT_STREQ(unmask_status_name(UNMASK_INVALID_ARGUMENT), "invalid_argument");
  EXPECT_STREQ(unmask_status_name(UNMASK_INTERNAL), "internal");
  for (const int32_t none : {-1, UNMASK_INTERNAL + 1, huge, std::numeric_limits<int32_t>::min()}) {
    EXPECT_STREQ(unmask_status_name(none), "unknown") << none;
  }
}

TEST(LastError, SurvivesCallsThatSucceed) {
  EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_options_set_integer(options(4).get(), "no_such_option", 1));
  const std::string sentence = unmask_last_error();
  EXPECT_NE(sentence.find("no_such_option"), std::string::npos) << sentence;
  const Session made = session(4);
  EXPECT_EQ(unmask_last_status(), UNMASK_NOT_FOUND);
  EXPECT_EQ(unmask_last_error(), sentence);
}

TEST(Devices, IndexesOutsideTheListAreEmpty) {
  const DeviceList list(unmask_device_list_create());
  ASSERT_NE(list, nullptr) << unmask_last_error();
  ASSERT_GT(unmask_device_list_size(list.get()), 0);
  for (const int32_t index : {-1, unmask_device_list_size(list.get()), huge}) {
    EXPECT_STREQ(unmask_device_list_name(list.get(), index), "");
    EXPECT_STREQ(unmask_device_list_uuid(list.get(), index), "");
    EXPECT_EQ(unmask_device_list_memory(list.get(), index), 0);
    EXPECT_EQ(unmask_device_list_feature_count(list.get(), index), 0);
    EXPECT_STREQ(unmask_device_list_feature_reason(list.get(), 0, index < 0 ? index : huge), "");
  }
}

TEST(Devices, EveryFeatureHasAReason) {
  const DeviceList list(unmask_device_list_create());
  ASSERT_GT(unmask_device_list_feature_count(list.get(), 0), 0);
  for (int32_t f = 0; f < unmask_device_list_feature_count(list.get(), 0); ++f) {
    EXPECT_STRNE(unmask_device_list_feature_name(list.get(), 0, f), "");
    EXPECT_STRNE(unmask_device_list_feature_reason(list.get(), 0, f), "");
  }
}

TEST(Devices, AreFoundByIndexNameAndUuid) {
  const DeviceList list(unmask_device_list_create());
  const std::string uuid = unmask_device_list_uuid(list.get(), 0);
  EXPECT_EQ(uuid.size(), 32U);
  for (const std::string& which :
       {std::string("0"), std::string(unmask_device_list_name(list.get(), 0)), uuid}) {
    const Device found(unmask_device_open(which.c_str()));
    ASSERT_NE(found, nullptr) << which << ": " << unmask_last_error();
    EXPECT_STREQ(unmask_device_name(found.get()), unmask_device_list_name(list.get(), 0));
    EXPECT_STREQ(unmask_device_driver(found.get()), unmask_device_list_driver(list.get(), 0));
  }
}

TEST(Devices, ThatDoNotExistAreNotFound) {
  for (const char* which : {"99", "-1", "no such device", "99999999999999999999", "%s%n"}) {
    EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_device_open(which));
  }
}

TEST(Models, BadPathsAreRefused) {
  for (const char* path : {"", "/", "/dev/null", "\xff\xfe", "/nowhere/at/all"}) {
    const Model opened(unmask_model_open(device(), path));
    EXPECT_EQ(opened, nullptr) << path;
    EXPECT_NE(unmask_last_status(), UNMASK_INTERNAL) << unmask_last_error();
    EXPECT_STRNE(unmask_last_error(), "");
  }
}

TEST(Models, ATruncatedFileIsABadModel) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "truncated_model";
  std::filesystem::remove_all(folder);
  std::filesystem::copy(model_path, folder);
  std::filesystem::resize_file(folder / "model.safetensors", 1000);
  EXPECT_REFUSED(UNMASK_BAD_MODEL, unmask_model_open(device(), folder.c_str()));
  EXPECT_REFUSED(UNMASK_BAD_MODEL, unmask_loader_create(device(), folder.c_str()));
  std::filesystem::remove_all(folder);
}

TEST(Loader, GivesItsModelOnce) {
  const Loader loader(unmask_loader_create(device(), model_path));
  ASSERT_NE(loader, nullptr) << unmask_last_error();
  int32_t finished = 0;
  while (finished == 0)
    ASSERT_EQ(unmask_loader_step(loader.get(), &finished), UNMASK_OK) << unmask_last_error();
  EXPECT_GT(unmask_loader_bytes_total(loader.get()), 0);
  EXPECT_EQ(unmask_loader_bytes_done(loader.get()), unmask_loader_bytes_total(loader.get()));
  const Model taken(unmask_loader_take_model(loader.get()));
  ASSERT_NE(taken, nullptr) << unmask_last_error();
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_loader_take_model(loader.get()));
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_loader_step(loader.get(), &finished));
}

TEST(Loader, CanBeAbandoned) {
  const Loader loader(unmask_loader_create(device(), model_path));
  int32_t finished = 0;
  EXPECT_EQ(unmask_loader_step(loader.get(), &finished), UNMASK_OK);
}

TEST(RandomModels, RefuseImpossibleShapes) {
  const auto refuse = [](void (*damage)(unmask_shape&)) {
    auto shape = initialised(unmask_shape_init);
    shape.hidden = 32, shape.layers = 1, shape.heads = 2, shape.kv_heads = 2, shape.ffn = 16;
    shape.vocabulary = 40, shape.positions = 16;
    damage(shape);
    const Model made(unmask_model_create_random(device(), "llada", &shape));
    EXPECT_EQ(made, nullptr);
    EXPECT_NE(unmask_last_status(), UNMASK_INTERNAL) << unmask_last_error();
  };
  refuse([](unmask_shape& s) { s.hidden = 0; });
  refuse([](unmask_shape& s) { s.hidden = -8; });
  refuse([](unmask_shape& s) { s.hidden = huge; });
  refuse([](unmask_shape& s) { s.layers = huge; });
  refuse([](unmask_shape& s) { s.heads = 3; });
  refuse([](unmask_shape& s) { s.kv_heads = 0; });
  refuse([](unmask_shape& s) { s.vocabulary = -1; });
  refuse([](unmask_shape& s) { s.vocabulary = huge; });
  refuse([](unmask_shape& s) { s.positions = 0; });
  refuse([](unmask_shape& s) { s.dtype = "f33"; });
  refuse([](unmask_shape& s) { s.struct_size = 0; });
  auto shape = initialised(unmask_shape_init);
  EXPECT_REFUSED(UNMASK_UNSUPPORTED, unmask_model_create_random(device(), "no such architecture", &shape));
}

TEST(RandomModels, HaveNoTokenizer) {
  auto shape = initialised(unmask_shape_init);
  shape.hidden = 32, shape.layers = 1, shape.heads = 2, shape.kv_heads = 2, shape.ffn = 16;
  shape.vocabulary = 40, shape.positions = 16, shape.dtype = "f32";
  const Model made(unmask_model_create_random(device(), "llada", &shape));
  ASSERT_NE(made, nullptr) << unmask_last_error();
  EXPECT_EQ(unmask_model_tokenize(made.get(), "a", nullptr, 0), -1);
  const Session blank(unmask_session_create(made.get(), options(8).get()));
  EXPECT_NE(unmask_session_set_prompt(blank.get(), "a"), UNMASK_OK);
  EXPECT_NE(unmask_session_set_chat(blank.get(), "a"), UNMASK_OK);
  EXPECT_EQ(unmask_session_text(blank.get()), nullptr);
}

TEST(Converters, WriteNothingUntilTheyAreDone) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "unmask_capi_convert";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "tiny.gguf").string();
  {
    const Converter given_up(unmask_converter_create(model_path, file.c_str(), "q8_0"));
    ASSERT_NE(given_up, nullptr) << unmask_last_error();
    int32_t finished = 1;
    EXPECT_EQ(unmask_converter_step(given_up.get(), &finished), UNMASK_OK);
    EXPECT_EQ(finished, 0);
    EXPECT_REFUSED(invalid, unmask_converter_step(given_up.get(), nullptr));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  const Converter converter(unmask_converter_create(model_path, file.c_str(), "q8_0"));
  for (int32_t finished = 0; finished == 0;)
    ASSERT_EQ(unmask_converter_step(converter.get(), &finished), UNMASK_OK) << unmask_last_error();
  EXPECT_EQ(unmask_converter_bytes_done(converter.get()), unmask_converter_bytes_total(converter.get()));
  ASSERT_EQ(unmask_converter_note_count(converter.get()), 1) << "one for all layers: their rows of 48";
  EXPECT_STRNE(unmask_converter_note(converter.get(), 0), "");
  EXPECT_STREQ(unmask_converter_note(converter.get(), 1), "");
  EXPECT_STREQ(unmask_converter_note(converter.get(), -1), "");
  const Model converted(unmask_model_open(device(), file.c_str()));
  EXPECT_NE(converted, nullptr) << unmask_last_error();
  std::filesystem::remove_all(folder);
}

TEST(Converters, RefuseNonsense) {
  EXPECT_REFUSED(invalid, unmask_converter_create(model_path, "/tmp/a.gguf", "q9_9"));
  EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_converter_create("/nowhere", "/tmp/a.gguf", "q8_0"));
  EXPECT_REFUSED(UNMASK_IO, unmask_converter_create(model_path, "/nowhere/a.gguf", "q8_0"));
}

TEST(WeightTypes, AreListed) {
  ASSERT_GE(unmask_weight_type_count(), 7);
  for (int32_t i = 0; i < unmask_weight_type_count(); ++i) EXPECT_STRNE(unmask_weight_type_name(i), "");
  EXPECT_EQ(unmask_weight_type_name(-1), nullptr);
  EXPECT_EQ(unmask_weight_type_name(unmask_weight_type_count()), nullptr);
}

TEST(Structs, OfOlderCallersKeepWhatTheyDoNotHave) {
  auto info = initialised(unmask_model_info_init);
  info.struct_size = offsetof(unmask_model_info, heads);
  info.heads = -7, info.weight_bytes = -7;
  ASSERT_EQ(unmask_model_get_info(model(), &info), UNMASK_OK);
  EXPECT_EQ(info.hidden, 32);
  EXPECT_EQ(info.heads, -7);
  EXPECT_EQ(info.weight_bytes, -7);
  EXPECT_EQ(info.struct_size, offsetof(unmask_model_info, heads));
}

TEST(Structs, OfNewerCallersKeepTheirEnd) {
  struct Newer {
    unmask_model_info info;
    int64_t added;
  } newer = {initialised(unmask_model_info_init), -7};
  newer.info.struct_size = sizeof(Newer);
  ASSERT_EQ(unmask_model_get_info(model(), &newer.info), UNMASK_OK);
  EXPECT_EQ(newer.info.layers, 2);
  EXPECT_EQ(newer.added, -7);
}

TEST(Structs, WithoutASizeAreRefused) {
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  unmask_model_info info = {};
  unmask_statistics statistics = {};
  unmask_progress progress = {};
  EXPECT_REFUSED(invalid, unmask_model_get_info(model(), &info));
  EXPECT_REFUSED(invalid, unmask_session_get_statistics(made.get(), &statistics));
  EXPECT_REFUSED(invalid, unmask_decoder_step(decoding.get(), &progress));
}

TEST(Structs, WithoutASizeLoseNoEvent) {
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << unmask_last_error();
  unmask_event event = {};
  EXPECT_REFUSED(invalid, unmask_decoder_next_event(decoding.get(), &event));
  unmask_event_init(&event);
  EXPECT_EQ(unmask_decoder_next_event(decoding.get(), &event), 1);
  EXPECT_EQ(event.round, 1);
}

TEST(Buffers, TooSmallOnesGetTheFirstElements) {
  const char* const text = "Tom has 3 apples.";
  const int64_t count = unmask_model_tokenize(model(), text, nullptr, 0);
  ASSERT_GT(count, 2);
  std::vector<int32_t> all(static_cast<size_t>(count)), few = {-7, -7, -7};
  EXPECT_EQ(unmask_model_tokenize(model(), text, all.data(), count), count);
  EXPECT_EQ(unmask_model_tokenize(model(), text, few.data(), 2), count);
  EXPECT_EQ(few, (std::vector<int32_t>{all[0], all[1], -7}));

  char start[5] = "####";
  EXPECT_EQ(unmask_model_detokenize(model(), all.data(), count, 0, start, 4), 17);
  EXPECT_STREQ(start, "Tom");
  EXPECT_EQ(unmask_model_detokenize(model(), all.data(), count, 0, nullptr, 0), 17);
}

TEST(Buffers, NegativeCountsAreRefused) {
  int32_t token = 0;
  char text[8];
  const Session made = session(4);
  EXPECT_REFUSED(invalid, unmask_model_tokenize(model(), "a", &token, -1));
  EXPECT_REFUSED(invalid, unmask_model_detokenize(model(), &token, -1, 0, text, 8));
  EXPECT_REFUSED(invalid, unmask_model_detokenize(model(), &token, 1, 0, text, -8));
  EXPECT_REFUSED(invalid, unmask_session_set_tokens(made.get(), &token, -1));
  EXPECT_REFUSED(invalid, unmask_session_get_tokens(made.get(), &token, -1));
}

TEST(Buffers, LogitsNeedRoom) {
  constexpr int64_t room = 1296;  // two rows of 648
  std::vector<float> logits(room);
  const int32_t tokens[] = {1, 638};
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), tokens, 2, logits.data(), room - 1));
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), tokens, 0, logits.data(), room));
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), tokens, -2, logits.data(), room));
  EXPECT_REFUSED(invalid, unmask_model_logits(model(), tokens, int64_t{1} << 60, logits.data(), room));
  EXPECT_EQ(unmask_model_logits(model(), tokens, 2, logits.data(), room), UNMASK_OK) << unmask_last_error();
}

TEST(Tokens, OutsideTheVocabularyAreRefused) {
  char text[8];
  const Session made = session(4);
  std::vector<float> logits(648);
  for (const int32_t token : {-1, 648, huge, std::numeric_limits<int32_t>::min()}) {
    EXPECT_REFUSED(invalid, unmask_session_set_tokens(made.get(), &token, 1));
    EXPECT_REFUSED(invalid, unmask_model_logits(model(), &token, 1, logits.data(), 648));
    EXPECT_REFUSED(invalid, unmask_model_detokenize(model(), &token, 1, 0, text, 8));
  }
}

TEST(OptionTable, DescribesEveryOption) {
  ASSERT_GT(unmask_option_count(), 5);
  for (int32_t i = 0; i < unmask_option_count(); ++i) {
    SCOPED_TRACE(unmask_option_name(i));
    EXPECT_STRNE(unmask_option_description(i), "");
    const bool is_text = unmask_option_get_kind(i) == UNMASK_OPTION_TEXT;
    const bool has_choices = std::strlen(unmask_option_choices(i)) > 0;
    EXPECT_TRUE(is_text || !has_choices);
    EXPECT_EQ(std::strlen(unmask_option_default_text(i)) > 0, has_choices);  // free text is empty at first
    EXPECT_LE(unmask_option_minimum(i), unmask_option_default(i));
    EXPECT_LE(unmask_option_default(i), unmask_option_maximum(i));
  }
}

TEST(OptionTable, EndsQuietly) {
  for (const int32_t none : {-1, unmask_option_count(), huge}) {
    EXPECT_EQ(unmask_option_get_kind(none), -1);
    for (const char* text : {unmask_option_name(none), unmask_option_description(none),
                             unmask_option_choices(none), unmask_option_default_text(none)}) {
      EXPECT_TRUE(text == nullptr || *text == '\0');
    }
    EXPECT_EQ(unmask_option_default(none), 0);
    EXPECT_EQ(unmask_option_minimum(none), 0);
    EXPECT_EQ(unmask_option_maximum(none), 0);
    EXPECT_EQ(unmask_strategy_name(none), nullptr);
  }
  EXPECT_EQ(unmask_strategy_name(unmask_strategy_count()), nullptr);
}

TEST(Options, RefuseWhatTheTableForbids) {
  const Options made(unmask_options_create());
  unmask_options* const o = made.get();
  EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_options_set_number(o, "", 1));
  EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_options_set_text(o, "%s%n", "random"));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(o, "length", 0));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(o, "length", std::numeric_limits<int64_t>::max()));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(o, "length", std::numeric_limits<int64_t>::min()));
  EXPECT_REFUSED(invalid, unmask_options_set_number(o, "length", 1.5));
  EXPECT_REFUSED(invalid, unmask_options_set_number(o, "length", std::nan("")));
  EXPECT_REFUSED(invalid, unmask_options_set_number(o, "temperature", std::nan("")));
  EXPECT_REFUSED(invalid, unmask_options_set_number(o, "temperature", -1));
  EXPECT_REFUSED(invalid, unmask_options_set_number(o, "top_p", HUGE_VAL));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(o, "stop_at_end", 2));
  EXPECT_REFUSED(invalid, unmask_options_set_integer(o, "remasking", 1));
  EXPECT_REFUSED(invalid, unmask_options_set_text(o, "length", "4"));
  EXPECT_REFUSED(invalid, unmask_options_set_text(o, "remasking", "low_confidence|random"));
  EXPECT_REFUSED(invalid, unmask_options_set_text(o, "cache", ""));
}

TEST(Sessions, LongerThanTheModelAreRefused) {
  EXPECT_REFUSED(invalid, unmask_session_create(model(), options(257).get()));
  const Session made = session(250, "Tom");
  const std::vector<int32_t> before = canvas_of(made.get());
  EXPECT_REFUSED(invalid, unmask_session_set_prompt(made.get(), "Tom has 3 apples and 4 more."));
  EXPECT_EQ(canvas_of(made.get()), before) << "a refused prompt changes nothing";
}

TEST(Sessions, OfADecoderKeepTheirPrompt) {
  const Session made = session(4);
  {
    const Decoder decoding = decoder(made.get());
    EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_session_set_prompt(made.get(), "Tom"));
    EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_decoder_create(std::to_array({made.get()}).data(), 1, nullptr));
  }
  EXPECT_EQ(unmask_session_set_prompt(made.get(), "Tom"), UNMASK_OK);
}

TEST(Decoders, RefuseImpossibleSessions) {
  const Session made = session(4);
  unmask_session* const twice[] = {made.get(), made.get()};
  EXPECT_REFUSED(UNMASK_WRONG_STATE, unmask_decoder_create(twice, 2, nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_create(twice, 0, nullptr));
  EXPECT_REFUSED(invalid, unmask_decoder_create(twice, -1, nullptr));
  EXPECT_REFUSED(UNMASK_NOT_FOUND, unmask_decoder_create(twice, 1, "no such strategy"));
  const Decoder decoding = decoder(made.get());  // every refusal let go of the session
  EXPECT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
}

TEST(Decoders, RefuseSessionsOfTwoModels) {
  const Model other(unmask_model_open(device(), model_path));
  const Session mine = session(4);
  const Session theirs(unmask_session_create(other.get(), options(4).get()));
  unmask_session* const mixed[] = {mine.get(), theirs.get()};
  EXPECT_REFUSED(invalid, unmask_decoder_create(mixed, 2, nullptr));
}

TEST(Decoders, StayFinished) {
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> tokens = canvas_of(made.get());
  auto progress = initialised(unmask_progress_init);
  EXPECT_EQ(unmask_decoder_step(decoding.get(), &progress), UNMASK_OK);
  EXPECT_EQ(progress.finished, 1);
  EXPECT_EQ(progress.masks_left, 0);
  EXPECT_EQ(progress.masks_total, 4);
  EXPECT_EQ(canvas_of(made.get()), tokens);
}

TEST(Decoders, TellEveryCommittedPositionOnce) {
  const Session made = session(6);
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> tokens = canvas_of(made.get());
  const auto prompt = static_cast<size_t>(unmask_session_prompt_length(made.get()));
  std::vector<int> seen(tokens.size());
  auto event = initialised(unmask_event_init);
  while (unmask_decoder_next_event(decoding.get(), &event) == 1) {
    EXPECT_EQ(event.kind, UNMASK_EVENT_COMMITTED);
    EXPECT_EQ(event.previous, 638);
    EXPECT_EQ(event.token, tokens.at(static_cast<size_t>(event.position)));
    ++seen.at(static_cast<size_t>(event.position));
  }
  for (size_t i = 0; i < prompt; ++i) EXPECT_EQ(seen[i], 0) << i;
  for (size_t i = prompt; i < tokens.size(); ++i) EXPECT_LE(seen[i], 1) << i;
  EXPECT_EQ(unmask_decoder_next_event(decoding.get(), &event), 0);
}

TEST(Decoders, TellRevisionsFromCommits) {
  const Options made_options = options(12);
  ASSERT_EQ(unmask_options_set_number(made_options.get(), "edit_threshold", 0), UNMASK_OK);
  const Session made(unmask_session_create(model(), made_options.get()));
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(run(decoding.get()), UNMASK_OK) << unmask_last_error();
  int64_t revisions = 0;
  auto event = initialised(unmask_event_init);
  while (unmask_decoder_next_event(decoding.get(), &event) == 1) {
    EXPECT_EQ(event.kind, event.previous == 638 ? UNMASK_EVENT_COMMITTED : UNMASK_EVENT_REVISED);
    revisions += event.kind == UNMASK_EVENT_REVISED;
  }
  auto statistics = initialised(unmask_statistics_init);
  ASSERT_EQ(unmask_session_get_statistics(made.get(), &statistics), UNMASK_OK);
  EXPECT_EQ(statistics.revisions, revisions);
  EXPECT_GT(revisions, 0);
}

TEST(Decoders, CancelledOnesStayCancelled) {
  const Session made = session(6);
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << unmask_last_error();
  const std::vector<int32_t> tokens = canvas_of(made.get());
  EXPECT_EQ(unmask_decoder_cancel(decoding.get()), UNMASK_OK);
  EXPECT_EQ(unmask_decoder_cancel(decoding.get()), UNMASK_OK);
  EXPECT_REFUSED(UNMASK_CANCELLED, unmask_decoder_step(decoding.get(), nullptr));
  EXPECT_EQ(canvas_of(made.get()), tokens) << "what was committed stays";
}

TEST(Profile, OfNothingIsEmpty) {
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  auto entry = initialised(unmask_profile_entry_init);
  EXPECT_EQ(unmask_decoder_profile_count(decoding.get()), 0);
  EXPECT_GT(unmask_decoder_memory(decoding.get()), 0);
  EXPECT_REFUSED(invalid, unmask_decoder_get_profile(decoding.get(), 0, &entry));
  EXPECT_REFUSED(invalid, unmask_decoder_get_profile(decoding.get(), -1, &entry));
}

TEST(Profile, NamesWhatRan) {
  const Session made = session(4);
  const Decoder decoding = decoder(made.get());
  ASSERT_EQ(unmask_decoder_set_profiling(decoding.get(), 1), UNMASK_OK);
  ASSERT_EQ(unmask_decoder_step(decoding.get(), nullptr), UNMASK_OK) << unmask_last_error();
  const int32_t count = unmask_decoder_profile_count(decoding.get());
  ASSERT_GT(count, 0) << unmask_last_error();
  double flops = 0;
  for (int32_t i = 0; i < count; ++i) {
    auto entry = initialised(unmask_profile_entry_init);
    EXPECT_STRNE(unmask_decoder_get_profile(decoding.get(), i, &entry), "");
    EXPECT_GT(entry.dispatches, 0U);
    EXPECT_GE(entry.seconds, 0);
    flops += entry.flops;
  }
  EXPECT_GT(flops, 0);
}

TEST(Measuring, RefusesSillySizes) {
  double fast = 0, slow = 0;
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 0, 16, 16, "f32", 1, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, -1, 16, "f32", 1, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, huge, "f32", 1, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, 16, "f32", 0, &fast, &slow));
  EXPECT_REFUSED(invalid, unmask_device_measure_matmul(device(), 16, 16, 16, "f99", 1, &fast, &slow));
}

}  // namespace

}  // namespace capi_test
