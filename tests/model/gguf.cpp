// The GGUF container: files that the `gguf` package wrote, and files that nobody should have written.
#include <cstring>

#include <gtest/gtest.h>

#include "base/dtype.h"
#include "base/mapped_file.h"
#include "model/gguf/file.h"
#include "model/gguf/model.h"
#include "model/gguf/writer.h"
#include "model/weights.h"
#include "support/convert.h"
#include "support/expect_error.h"
#include "support/gguf_bytes.h"
#include "support/temporary_folder.h"

namespace unmask::model::gguf {
namespace {

using testing::ElementsAre;
using tests::expect_error;
using tests::GgufBytes;
using tests::TemporaryFolder;

const std::filesystem::path fixtures = std::filesystem::path(UNMASK_TEST_DATA) / "gguf";

std::span<const std::byte> bytes_of(const std::string& file) { return std::as_bytes(std::span(file)); }

constexpr uint32_t f32 = 0, q8_0 = 8, unknown_type = 77;

std::string good_file() {
  return GgufBytes(2, 3)
      .text_value("general.architecture", "llada")
      .key("llada.block_count", 10)
      .number<uint64_t>(7)
      .key("tokens", 9)
      .number<uint32_t>(8)
      .number<uint64_t>(2)
      .text("a")
      .text("bc")
      .matrix("a", 3, 2, f32, 0)
      .matrix("b", 32, 1, q8_0, 32)
      .with_data(32 + 34);
}

TEST(Gguf, ReadsMetadataAndTensors) {
  const std::string file = good_file();
  const Content content = read(bytes_of(file), "some.gguf");
  EXPECT_EQ(content.metadata["general.architecture"], "llada");
  EXPECT_EQ(content.metadata["llada.block_count"], 7);
  EXPECT_EQ(content.metadata["tokens"], (Json{"a", "bc"}));
  ASSERT_EQ(content.tensors.size(), 2u);
  EXPECT_THAT(content.tensors[0].shape, ElementsAre(2, 3));
  EXPECT_EQ(content.tensors[1].type, q8_0);
  EXPECT_EQ(content.tensors[1].data.size(), 34u);
  EXPECT_EQ(std::to_integer<int>(content.tensors[1].data[0]), 32);
}

TEST(Gguf, WhatIsWrittenReadsBack) {
  Writer writer;
  writer.text("general.architecture", "dream");
  writer.number("ratio", 0.25f);
  writer.flag("yes", true);
  writer.integer("many", 4'000'000'000u);
  writer.integers("signed", std::array{-1, 5});
  writer.texts("words", std::array<std::string, 2>{"x", ""});
  writer.tensor("odd", std::array<uint64_t, 2>{3, 5}, DType::bf16);
  writer.tensor("next", std::array<uint64_t, 1>{2}, DType::f32);
  const std::string file = writer.header() + std::string(30 + 2 + 8, 'x');
  const Content content = read(bytes_of(file), "written.gguf");
  EXPECT_EQ(content.metadata, Json::parse(R"({"general.architecture":"dream","ratio":0.25,"yes":true,
                                              "many":4000000000,"signed":[-1,5],"words":["x",""]})"));
  ASSERT_EQ(content.tensors.size(), 2u);
  EXPECT_THAT(content.tensors[0].shape, ElementsAre(3, 5));
  EXPECT_EQ(content.tensors[1].data.data() - content.tensors[0].data.data(), 32);
}

struct Damage {
  const char* name;
  std::string file;
  const char* words;
  Status status = Status::bad_model;
};

std::string one_tensor(uint64_t columns, uint64_t rows, uint32_t type, uint64_t offset, size_t data) {
  return GgufBytes(1, 0).matrix("w", columns, rows, type, offset).with_data(data);
}

std::string one_value(uint32_t type, const std::string& value) {
  return GgufBytes(0, 1).key("k", type).bytes() + value;
}

std::string count_bytes(uint64_t count) { return {reinterpret_cast<const char*>(&count), 8}; }

const Damage damages[] = {
    {"empty", "", "not a GGUF file"},
    {"not_gguf", "PK\x03\x04 this is some other kind of file", "not a GGUF file"},
    {"old_version", GgufBytes(0, 0, 1).bytes(), "GGUF of version 1", Status::unsupported},
    {"new_version", GgufBytes(0, 0, 4).bytes(), "GGUF of version 4", Status::unsupported},
    {"big_endian", GgufBytes(0, 0, 0x03000000).bytes(), "big-endian", Status::unsupported},
    {"no_counts", std::string("GGUF\x03\0\0\0", 8), "truncated or damaged"},
    {"tensor_count", GgufBytes(UINT64_MAX, 0).bytes(), "claims to have 18446744073709551615 tensors"},
    {"key_count", GgufBytes(0, 1u << 30).bytes(), "claims to have 1073741824 metadata keys"},
    {"key_length", GgufBytes(0, 1).number(UINT64_MAX).with_data(64), "a key of 18446744073709551615 bytes"},
    {"key_empty", GgufBytes(0, 1).key("", 4).with_data(64), "a key of 0 bytes"},
    {"key_cut", GgufBytes(0, 1).number<uint64_t>(40).bytes() + "llada.", "truncated or damaged"},
    {"key_twice", GgufBytes(0, 2).u32_value("k", 1).u32_value("k", 2).bytes(), "has the key \"k\" twice"},
    {"value_type", one_value(13, count_bytes(0)), "unknown type 13"},
    {"value_cut", one_value(10, "1234567"), "truncated or damaged"},
    {"text_length", one_value(8, count_bytes(UINT64_MAX)), "truncated or damaged"},
    {"array_count", one_value(9, std::string("\x04\0\0\0", 4) + count_bytes(1ull << 62)),
     "values in an array"},
    {"array_nested", one_value(9, std::string("\x09\0\0\0", 4) + count_bytes(1)), "holds arrays",
     Status::unsupported},
    {"array_flood",
     one_value(9, std::string(4, '\0') + count_bytes(17u << 20)) + std::string(17u << 20, '\0'),
     "more than a sane file"},
    {"tensor_rank", GgufBytes(1, 0).text("w").number<uint32_t>(5).with_data(256), "has 5 dimensions"},
    {"tensor_twice", GgufBytes(2, 0).matrix("w", 3, 2, f32, 0).matrix("w", 3, 2, f32, 32).with_data(64),
     "has the tensor \"w\" twice"},
    {"tensor_overflow", one_tensor(1ull << 33, 1ull << 33, f32, 0, 64), "cannot exist"},
    {"tensor_bytes_overflow", one_tensor(1ull << 31, 1ull << 31, f32, 0, 64), "more bytes than can exist"},
    {"tensor_empty", one_tensor(0, 2, f32, 0, 64), "cannot exist"},
    {"tensor_block", one_tensor(40, 2, q8_0, 0, 256), "no whole number of the 32 in a block of q8_0"},
    {"tensor_unaligned", one_tensor(3, 2, f32, 8, 64), "no multiple of the alignment 32"},
    {"tensor_outside", one_tensor(3, 2, f32, 1u << 20, 64), "begins outside the file"},
    {"tensor_cut", one_tensor(3, 2, f32, 0, 23), "needs 24 bytes from byte 0 of the data, which has 23"},
    {"tensor_huge_offset", one_tensor(3, 2, f32, ~uint64_t{31}, 64), "begins outside the file"},
    {"tensor_overlap", GgufBytes(2, 0).matrix("v", 32, 1, q8_0, 0).matrix("w", 3, 2, f32, 32).with_data(64),
     "\"v\" and \"w\""},
    {"alignment", GgufBytes(0, 1).u32_value("general.alignment", 48).bytes(), "not a power of two"},
    {"alignment_zero", GgufBytes(0, 1).u32_value("general.alignment", 0).bytes(), "The alignment of"},
    {"alignment_text", GgufBytes(0, 1).text_value("general.alignment", "32").bytes(), "The alignment of"},
};

class DamagedGguf : public testing::TestWithParam<Damage> {};

TEST_P(DamagedGguf, IsRefusedWithASentence) {
  expect_error(GetParam().status, GetParam().words, [] { read(bytes_of(GetParam().file), "damaged.gguf"); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, DamagedGguf, testing::ValuesIn(damages),
                         [](const auto& test) { return test.param.name; });

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string file = good_file();
  for (size_t bytes = 0; bytes < file.size(); ++bytes)
    EXPECT_THROW(read(bytes_of(file).first(bytes), "part"), Error) << bytes;
}

TEST(Gguf, NoFlippedByteCrashes) {
  const std::string file = good_file();
  for (size_t at = 0; at < file.size() - 66; ++at) {
    for (const int mask : {1, 2, 16, 128}) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      try {
        for (const Tensor& tensor : read(bytes_of(damaged), "damaged").tensors)
          EXPECT_LE(tensor.data.size(), 66u);
      } catch (const Error& error) {
        EXPECT_TRUE(error.status() == Status::bad_model || error.status() == Status::unsupported);
      }
    }
  }
}

TEST(Gguf, KeepsTensorsOfUnknownTypesForWhoeverAsks) {
  const std::string file = one_tensor(3, 2, unknown_type, 0, 0);
  const Content content = read(bytes_of(file), "new.gguf");
  EXPECT_EQ(content.tensors[0].type, unknown_type);
  EXPECT_TRUE(content.tensors[0].data.empty());
}

// --- what the `gguf` package wrote, see tests/tools/make_gguf_fixtures.py ---

class PackageFormats : public testing::Test {
 protected:
  const Tensor& at(std::string_view name) const {
    return *std::ranges::find(content_.tensors, name, &Tensor::name);
  }
  std::vector<float> values(std::string_view name) const {
    const Tensor& tensor = at(name);
    std::vector<float> result(size_t{3} * 512);
    info(*dtype_of_gguf(tensor.type)).dequantise(tensor.data.data(), result);
    return result;
  }

  MappedFile file_{fixtures / "formats.gguf"};
  Content content_ = read(file_.bytes(), "formats.gguf");
};

TEST_F(PackageFormats, QuantisersAgreeToTheByte) {
  const std::vector<float> original = values("values");
  for (const DType type : {DType::f16, DType::bf16, DType::q8_0, DType::q4_0}) {
    const Tensor& tensor = at(info(type).name);
    EXPECT_THAT(tensor.shape, ElementsAre(3, 512));
    std::vector<std::byte> ours(tensor.data.size());
    info(type).quantise(original, ours.data());
    EXPECT_EQ(std::memcmp(ours.data(), tensor.data.data(), ours.size()), 0) << info(type).name;
  }
}

TEST_F(PackageFormats, DequantisersOfKBlocksAgreeToTheBit) {
  EXPECT_EQ(values("q4_k"), values("q4_k.values"));
  EXPECT_EQ(values("q6_k"), values("q6_k.values"));
}

// --- models ---

// llada.gguf with a key's name or a tensor's name changed to another of the same length.
class ChangedModel : public testing::Test {
 protected:
  void expect_refused(Status status, const std::string& from, const std::string& to, const char* words) {
    const MappedFile original(fixtures / "llada.gguf");
    std::string file(original.text());
    const size_t at = file.find(from);
    ASSERT_NE(at, std::string::npos);
    file.replace(at, from.size(), to);
    const auto path = folder_.write("changed.gguf", file);
    expect_error(status, words, [&] {
      const OpenedModel opened = open(path);
      opened.tensors->at("model.transformer.blocks.1.v_proj.weight", std::array<uint64_t, 2>{16, 32});
    });
  }
  TemporaryFolder folder_;
};

TEST_F(ChangedModel, IsRefusedWithASentence) {
  expect_refused(Status::bad_model, "llada.block_count", "llada.block_c0unt", "lacks \"block_count\"");
  expect_refused(Status::bad_model, "general.architecture", "general.architectura",
                 "lacks \"general.architecture\"");
  expect_refused(Status::bad_model, "tokenizer.ggml.mask_token_id", "tokenizer.ggml.masc_token_id",
                 "mask_token_id");
  expect_refused(Status::bad_model, "token_embd.weight", "token_embx.weight", "token_embd");
  expect_refused(Status::bad_model, "blk.1.attn_v.weight", "blk.1.attn_w.weight",
                 "no tensor \"blk.1.attn_v.weight\"");
  expect_refused(Status::unsupported, "llada-moe", "llada-mou", "The pre-tokenizer");
  expect_refused(Status::unsupported, "gpt2", "bert", "only byte-level BPE");
}

TEST(GgufModel, RefusesWhatItDoesNotRun) {
  const TemporaryFolder folder;
  const auto other =
      folder.write("other.gguf", GgufBytes(0, 1).text_value("general.architecture", "gemma3").bytes());
  expect_error(Status::unsupported, "architecture \"gemma3\"", [&] { open(other); });
  const auto vocabulary =
      folder.write("vocabulary.gguf", GgufBytes(0, 1).text_value("general.architecture", "llada").bytes());
  expect_error(Status::bad_model, "only its vocabulary", [&] { open(vocabulary); });
  expect_error(Status::not_found, "There is no file", [&] { open(folder.path() / "missing.gguf"); });
}

TEST(GgufModel, ChecksShapesAgainstTheMetadata) {
  const OpenedModel opened = open(fixtures / "llada.gguf");
  expect_error(Status::bad_model, "has shape [16, 32], but its metadata asks for [32, 16]", [&] {
    opened.tensors->at("model.transformer.blocks.1.v_proj.weight", std::array<uint64_t, 2>{32, 16});
  });
}

TEST(GgufModel, SaysWhichHeadsArePaired) {
  const OpenedModel opened = open(fixtures / "llada.gguf");
  const auto heads = [&](const char* part, uint64_t rows) {
    const std::string name = fmt::format("model.transformer.blocks.0.{}.weight", part);
    return opened.tensors->at(name, std::array<uint64_t, 2>{rows, 32}).adjacent_pair_heads;
  };
  EXPECT_EQ(heads("q_proj", 32), 4u);
  EXPECT_EQ(heads("k_proj", 16), 2u);
  EXPECT_EQ(heads("v_proj", 16), 0u);
}

TEST(GgufModel, ExpertsArePartsOfOneTensor) {
  const std::filesystem::path source = std::filesystem::path(UNMASK_TEST_DATA) / "golden" / "llada_moe";
  const TemporaryFolder folder;
  const OpenedModel opened = open(tests::convert_to_gguf(source, folder, DType::f16));
  const Weights weights = open_weights(source);
  for (const char* name :
       {"model.layers.0.mlp.experts.0.down_proj.weight", "model.layers.1.mlp.experts.10.down_proj.weight"}) {
    const SourceTensor tensor = opened.tensors->at(name, std::array<uint64_t, 2>{72, 40});
    EXPECT_TRUE(std::ranges::equal(tensor.data, weights.at(name, {72, 40}).data)) << name;
  }
  expect_error(Status::bad_model, "has shape [11, 72, 40], but its metadata asks for [11, 40, 72]", [&] {
    opened.tensors->at("model.layers.1.mlp.experts.3.down_proj.weight", std::array<uint64_t, 2>{40, 72});
  });
}

// Their names do not occur elsewhere; 1 is llama.cpp's number of a softmax.
TEST(GgufModel, RefusesOtherRouters) {
  const TemporaryFolder folder;
  const auto file = tests::convert_to_gguf(std::filesystem::path(UNMASK_TEST_DATA) / "golden" / "llada_moe",
                                           folder, DType::f16);
  const MappedFile original(file);
  const auto expect_refused = [&](const std::string& key, const char* words) {
    std::string changed(original.text());
    const size_t at = changed.find(key);
    ASSERT_NE(at, std::string::npos) << key;
    char& value = changed[at + key.size() + sizeof(uint32_t)];  // after its type
    value = static_cast<char>(value == 1 ? 2 : 1);
    const auto other = folder.write("other.gguf", changed);
    expect_error(Status::unsupported, words, [&] { open(other); });
  };
  expect_refused("llada-moe.expert_gating_func", "expert_gating_func = 2");
  expect_refused("llada-moe.expert_weights_norm", "expert_weights_norm = true");
}

TEST(GgufModel, RoutersKeepTheirPrecision) {
  const TemporaryFolder folder;
  const auto file = tests::convert_to_gguf(std::filesystem::path(UNMASK_TEST_DATA) / "golden" / "llada_moe",
                                           folder, DType::bf16);
  const std::array<uint64_t, 2> shape = {11, 72};
  EXPECT_EQ(open(file).tensors->at("model.layers.0.mlp.gate.weight", shape).dtype, DType::f32);
}

}  // namespace
}  // namespace unmask::model::gguf
