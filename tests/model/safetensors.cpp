#include "model/safetensors.h"

#include <cstring>

#include <gtest/gtest.h>

#include "model/weights.h"
#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace unmask::model {
namespace {

using testing::ElementsAre;
using tests::expect_error;
using tests::TemporaryFolder;

std::string length_prefix(uint64_t length) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
  return bytes;
}

std::string safetensors(const std::string& header, size_t data_bytes) {
  std::string data;
  for (size_t i = 0; i < data_bytes; ++i) data.push_back(static_cast<char>(i));
  return length_prefix(header.size()) + header + data;
}

const char* good_header = R"({"__metadata__":{"format":"pt"},)"
                          R"("b":{"dtype":"F16","shape":[3],"data_offsets":[24,30]},)"
                          R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                          R"("step":{"dtype":"I64","shape":[],"data_offsets":[30,38]}})";

TEST(Safetensors, ReadsEntriesInTheOrderOfTheirBytes) {
  const std::string file = safetensors(good_header, 38);
  const auto entries = read_safetensors(std::as_bytes(std::span(file)), "some.safetensors");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_THAT(entries[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(entries[1].dtype, "F16");
  EXPECT_EQ(std::to_integer<int>(entries[1].data[0]), 24);
  EXPECT_EQ(entries[2].shape.size(), 0u);
}

struct Damage {
  const char* name;
  std::string file;
  const char* words;
};

std::string one_tensor(const std::string& entry) { return safetensors(R"({"w":)" + entry + "}", 24); }

const Damage damages[] = {
    {"empty", "", "too few for a safetensors file"},
    {"length_cut", "\x10\0\0", "too few for a safetensors file"},
    {"not_safetensors", "PK\x03\x04 this is some other kind of file", "is not a safetensors file"},
    {"header_huge", length_prefix(UINT64_MAX) + "{}", "is not a safetensors file"},
    {"header_cut", length_prefix(50) + R"({"w":)", "is truncated: its header has 50 bytes"},
    {"not_json", safetensors("{]", 0), "is not valid JSON"},
    {"json_trailing", safetensors("{}{}", 0), "is not valid JSON"},
    {"not_object", safetensors("[1]", 0), "must hold a JSON object"},
    {"deep", safetensors(std::string(100'000, '['), 0), "nested deeper than"},
    {"not_utf8", safetensors("{\"\xff\":1}", 0), "is not valid JSON"},
    {"duplicate",
     safetensors(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                 R"("w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                 2),
     "has the key \"w\" twice"},
    {"entry_type", one_tensor("7"), "must be an object, not 7"},
    {"no_dtype", one_tensor(R"({"shape":[6],"data_offsets":[0,24]})"), "lacks \"dtype\""},
    {"dtype_type", one_tensor(R"({"dtype":4,"shape":[6],"data_offsets":[0,24]})"), "must be a string, not 4"},
    {"shape_negative", one_tensor(R"({"dtype":"F32","shape":[-6],"data_offsets":[0,24]})"), "not -6"},
    {"shape_fraction", one_tensor(R"({"dtype":"F32","shape":[6.5],"data_offsets":[0,24]})"), "not 6.5"},
    {"shape_rank", one_tensor(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,6],"data_offsets":[0,24]})"),
     "has 9 dimensions"},
    {"shape_overflow",
     one_tensor(R"({"dtype":"F32","shape":[4294967296,4294967296,4294967302],"data_offsets":[0,24]})"),
     "more elements than can exist"},
    {"size_wrong", one_tensor(R"({"dtype":"F32","shape":[7],"data_offsets":[0,24]})"),
     "has 24 bytes, but F32 elements of shape [7] need 28"},
    {"offset_count", one_tensor(R"({"dtype":"F32","shape":[6],"data_offsets":[0,12,24]})"),
     "must hold two numbers"},
    {"offset_outside", one_tensor(R"({"dtype":"F32","shape":[7],"data_offsets":[0,28]})"),
     "lie outside the file"},
    {"offset_reversed", one_tensor(R"({"dtype":"F32","shape":[6],"data_offsets":[24,0]})"),
     "lie outside the file"},
    {"offset_huge", one_tensor(R"({"dtype":"F32","shape":[6],"data_offsets":[0,18446744073709551615]})"),
     "not 18446744073709551615"},
    {"overlap",
     safetensors(R"({"v":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                 R"("w":{"dtype":"U8","shape":[5],"data_offsets":[3,8]}})",
                 8),
     "overlaps another tensor"},
    {"gap",
     safetensors(R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                 R"("w":{"dtype":"U8","shape":[3],"data_offsets":[5,8]}})",
                 8),
     "has 3 bytes before the tensor"},
    {"oversized", safetensors(R"({"v":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", 9),
     "has 7 bytes after its last tensor"},
};

class DamagedSafetensors : public testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, IsRefusedWithASentence) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", GetParam().file);
  expect_error(Status::bad_model, GetParam().words, [&] { open_weights(folder.path()); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamagedSafetensors, testing::ValuesIn(damages),
                         [](const auto& test) { return test.param.name; });

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::string file = safetensors(good_header, 38);
  for (size_t bytes = 0; bytes < file.size(); ++bytes) {
    const auto part = std::as_bytes(std::span(file)).first(bytes);
    EXPECT_THROW(read_safetensors(part, "part"), Error) << bytes;
  }
}

TEST(Safetensors, NoFlippedByteOfTheHeaderCrashes) {
  const std::string file = safetensors(good_header, 38);
  for (size_t at = 0; at < file.size() - 38; ++at) {
    for (const int mask : {1, 2, 16, 128}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      try {
        for (const auto& entry : read_safetensors(std::as_bytes(std::span(damaged)), "damaged"))
          EXPECT_LE(entry.data.size(), 38u);
      } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::bad_model);
      }
    }
  }
}

TEST(Weights, FindsTensorsOfASingleFile) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", safetensors(good_header, 38));
  const Weights weights = open_weights(folder.path());
  EXPECT_EQ(weights.at("a", {2, 3}).dtype, DType::f32);
  EXPECT_EQ(weights.find("b")->data.size(), 6u);
  EXPECT_EQ(weights.find("c"), nullptr);
  EXPECT_EQ(weights.tensors().size(), 2u);
  EXPECT_EQ(weights.bytes(), 30u);
}

TEST(Weights, SaysWhatWasExpectedAndWhatIsThere) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", safetensors(good_header, 38));
  const Weights weights = open_weights(folder.path());
  expect_error(Status::bad_model, "has shape [2, 3], but its config.json asks for [3, 2]", [&] {
    weights.at("a", {3, 2});
  });
  expect_error(Status::bad_model, "has shape [2, 3], but its config.json asks for [2]",
               [&] { weights.at("a", {2}); });
  expect_error(Status::bad_model, "has no tensor \"c\" (expected with shape [5])",
               [&] { weights.at("c", {5}); });
  expect_error(Status::unsupported, "holds I64", [&] { weights.find("step"); });
}

TEST(Weights, CopiesKeepTheMappingsAlive) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", safetensors(good_header, 38));
  auto first = std::make_unique<Weights>(open_weights(folder.path()));
  const Weights copy = *first;
  first.reset();
  EXPECT_EQ(std::to_integer<int>(copy.find("b")->data[1]), 25);
}

// --- sharded ---

class ShardedWeights : public testing::Test {
 protected:
  void index(const std::string& weight_map) {
    folder_.write("model.safetensors.index.json",
                  R"({"metadata":{"total_size":11},"weight_map":)" + weight_map + "}");
  }
  void SetUp() override {
    folder_.write("one.safetensors",
                  safetensors(R"({"v":{"dtype":"F16","shape":[3],"data_offsets":[0,6]}})", 6));
    folder_.write("two.safetensors", safetensors(R"({"v":{"dtype":"U8","shape":[1],"data_offsets":[4,5]},)"
                                                 R"("w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                                                 5));
  }
  void expect_refused(Status status, const char* words) {
    expect_error(status, words, [&] { open_weights(folder_.path()); });
  }

  TemporaryFolder folder_;
};

TEST_F(ShardedWeights, TakesEachTensorFromItsShard) {
  index(R"({"v":"one.safetensors","w":"two.safetensors"})");
  const Weights weights = open_weights(folder_.path());
  EXPECT_EQ(weights.at("v", {3}).dtype, DType::f16);
  EXPECT_EQ(weights.at("w", {1}).dtype, DType::f32);
}

TEST_F(ShardedWeights, ASingleFileComesFirst) {
  index(R"({"v":"missing.safetensors"})");
  folder_.write("model.safetensors", safetensors(good_header, 38));
  EXPECT_NE(open_weights(folder_.path()).find("a"), nullptr);
}

TEST_F(ShardedWeights, RefusesDamagedIndexes) {
  index(R"({"v":"one.safetensors","w":"three.safetensors"})");
  expect_refused(Status::not_found, "lacks the shard three.safetensors");
  index(R"({"x":"one.safetensors"})");
  expect_refused(Status::bad_model, "places \"x\" in one.safetensors, which has no such tensor");
  index(R"({"v":5})");
  expect_refused(Status::bad_model, "must map \"v\" to a file name, not 5");
  index(R"([1])");
  expect_refused(Status::bad_model, "\"weight_map\"");
  folder_.write("model.safetensors.index.json", "{}");
  expect_refused(Status::bad_model, "lacks \"weight_map\"");
}

TEST_F(ShardedWeights, NeverLeavesTheFolder) {
  for (const char* shard :
       {"../one.safetensors", "/etc/passwd", "..", ".", "", "a\\\\b", "C:one", "one\\u0000"}) {
    index(std::string(R"({"v":")") + shard + "\"}");
    expect_refused(Status::bad_model, "which is not a plain file name");
  }
}

TEST_F(ShardedWeights, SaysWhatAFolderWithoutWeightsLacks) {
  expect_refused(Status::not_found, "has neither model.safetensors nor model.safetensors.index.json");
  expect_error(Status::not_found, "There is no model folder",
               [&] { open_weights(folder_.path() / "missing"); });
}

}  // namespace
}  // namespace unmask::model
