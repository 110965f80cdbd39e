#include "model/config.h"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_folder.h"

namespace unmask::model {
namespace {

using nlohmann::json;
using tests::expect_error;
using tests::TemporaryFolder;

json llada() {
  return json::parse(R"({
    "model_type": "llada", "architectures": ["LLaDAModelLM"], "d_model": 96, "n_heads": 6, "n_kv_heads": 2,
    "n_layers": 5, "mlp_hidden_size": 200, "vocab_size": 130, "embedding_size": 136, "max_sequence_length": 77,
    "rope": true, "rope_theta": 500000.0, "rms_norm_eps": 1e-05, "block_type": "llama", "activation_type": "silu",
    "layer_norm_type": "rms", "include_bias": false, "include_qkv_bias": false, "weight_tying": false,
    "alibi": false, "scale_logits": false, "input_emb_norm": false, "multi_query_attention": null,
    "mask_token_id": 129, "eos_token_id": 127, "pad_token_id": 126, "mlp_ratio": 4})");
}

ModelConfig read(const json& config) {
  const TemporaryFolder folder;
  folder.write("config.json", config.dump());
  return read_config(folder.path());
}

TEST(Config, ReadsLlada) {
  const ModelConfig config = read(llada());
  EXPECT_EQ(config.architecture, "llada");
  EXPECT_EQ(config.layers, 5u);
  EXPECT_EQ(config.hidden, 96u);
  EXPECT_EQ(config.heads, 6u);
  EXPECT_EQ(config.kv_heads, 2u);
  EXPECT_EQ(config.head_dim, 16u);
  EXPECT_EQ(config.ffn, 200u);
  EXPECT_EQ(config.vocabulary, 136u);
  EXPECT_EQ(config.positions, 77u);
  EXPECT_EQ(config.rope_theta, 500000.0);
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_FALSE(config.tie_embeddings);
  EXPECT_EQ(config.mask_token, 129);
  EXPECT_EQ(config.end_token, 127);
  EXPECT_EQ(config.pad_token, 126);
  EXPECT_FALSE(config.begin_token.has_value());
}

json qwen(const char* model_type) {
  return json::parse(R"({
    "hidden_size": 64, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 16, "intermediate_size": 136,
    "num_hidden_layers": 3, "vocab_size": 152000, "max_position_embeddings": 96, "rope_theta": 1000000,
    "rms_norm_eps": 1e-06, "hidden_act": "silu", "rope_scaling": null, "use_sliding_window": false,
    "bos_token_id": 3, "eos_token_id": 4})")
      .patch(json::array({{{"op", "add"}, {"path", "/model_type"}, {"value", model_type}}}));
}

TEST(Config, ReadsWhatIsBuiltOnQwen) {
  const ModelConfig dream = read(qwen("Dream"));
  EXPECT_EQ(dream.architecture, "qwen");
  EXPECT_EQ(dream.head_dim, 16u);
  EXPECT_TRUE(dream.qkv_bias && dream.shifted_logits && !dream.qk_norm);
  EXPECT_EQ(dream.block_length, 0u);
  EXPECT_EQ(dream.mask_token, 151666);
  EXPECT_EQ(dream.pad_token, 4);

  const ModelConfig fast = read(qwen("Fast_dLLM_Qwen"));
  EXPECT_TRUE(fast.qkv_bias && fast.shifted_logits && !fast.qk_norm);
  EXPECT_EQ(fast.block_length, 32u);
  EXPECT_EQ(fast.mask_token, 151665);

  json file = qwen("sdar");
  const ModelConfig sdar = read(file);
  EXPECT_TRUE(sdar.qk_norm && !sdar.qkv_bias && !sdar.shifted_logits);
  EXPECT_EQ(sdar.block_length, 4u);
  EXPECT_EQ(sdar.mask_token, 151669);
  file["block_size"] = 16;
  file["mask_token_id"] = 5;
  EXPECT_EQ(read(file).block_length, 16u);
  EXPECT_EQ(read(file).mask_token, 5);
}

TEST(Config, RefusesWhatTheQwenFamiliesCannotBe) {
  json file = qwen("sdar");
  file["vocab_size"] = 151669;
  expect_error(Status::bad_model, "the family's usual 151669 is outside its vocabulary", [&] { read(file); });
  file = qwen("sdar");
  file["attention_bias"] = true;
  expect_error(Status::unsupported, "attention_bias = true", [&] { read(file); });
  file = qwen("Dream");
  file["rope_scaling"] = {{"type", "yarn"}};
  expect_error(Status::unsupported, "rope_scaling", [&] { read(file); });
  file = qwen("sdar");
  file["block_size"] = 0;
  expect_error(Status::bad_model, "block_size", [&] { read(file); });
}

json llada_moe() {
  return json::parse(R"({
    "model_type": "llada", "architectures": ["LLaDAMoEModelLM"], "hidden_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 4, "dense_intermediate_size": 512, "expert_intermediate_size": 40, "num_experts": 12,
    "num_experts_per_tok": 5, "num_hidden_layers": 3, "moe_layer_freq": [1, 1, 1], "vocab_size": 157184,
    "shared_expert_intermediate_size": null, "moe_router_score_function": "softmax", "norm_topk_prob": null,
    "max_position_embeddings": 8192, "rope_theta": 50000, "rms_norm_eps": 1e-05, "qk_layernorm": true,
    "partial_rotary_factor": 1, "eos_token_id": 156892, "pad_token_id": 156891})");
}

json llada2() {
  return json::parse(R"({
    "model_type": "llada2_moe", "hidden_size": 64, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 20,
    "intermediate_size": 136, "moe_intermediate_size": 24, "num_hidden_layers": 4, "first_k_dense_replace": 1,
    "num_experts": 32, "num_experts_per_tok": 6, "num_shared_experts": 2, "n_group": 8, "topk_group": 4,
    "norm_topk_prob": true, "routed_scaling_factor": 2.5, "score_function": "sigmoid", "partial_rotary_factor": 0.5,
    "vocab_size": 157184, "max_position_embeddings": 96, "rope_theta": 600000, "rms_norm_eps": 1e-06,
    "use_bias": false, "use_qkv_bias": false, "use_qk_norm": true, "pad_token_id": 156892})");
}

TEST(Config, ReadsModelsWithExperts) {
  const ModelConfig moe = read(llada_moe());
  EXPECT_EQ(moe.architecture, "llada_moe");
  EXPECT_EQ(moe.experts, 12u);
  EXPECT_EQ(moe.experts_chosen, 5u);
  EXPECT_EQ(moe.expert_ffn, 40u);
  EXPECT_EQ(moe.ffn, 40u);
  EXPECT_EQ(moe.shared_experts + moe.dense_layers + moe.block_length, 0u);
  EXPECT_EQ(moe.expert_groups, 1u);
  EXPECT_EQ(moe.rotary_dim, 16u);
  EXPECT_TRUE(moe.qk_norm);
  EXPECT_EQ(moe.mask_token, 156895);
  EXPECT_EQ(moe.end_token, 156892);
  EXPECT_EQ(moe.pad_token, 156891);

  const ModelConfig two = read(llada2());
  EXPECT_EQ(two.architecture, "llada2");
  EXPECT_EQ(two.experts, 32u);
  EXPECT_EQ(two.experts_chosen, 6u);
  EXPECT_EQ(two.expert_ffn, 24u);
  EXPECT_EQ(two.ffn, 136u);
  EXPECT_EQ(two.shared_experts, 2u);
  EXPECT_EQ(two.dense_layers, 1u);
  EXPECT_EQ(two.expert_groups, 8u);
  EXPECT_EQ(two.expert_groups_kept, 4u);
  EXPECT_EQ(two.expert_scale, 2.5);
  EXPECT_EQ(two.rotary_dim, 10u);
  EXPECT_EQ(two.block_length, 32u);
  EXPECT_FALSE(two.shifted_logits);
  EXPECT_EQ(two.mask_token, 156895);
  EXPECT_EQ(two.end_token, 156892);
}

TEST(Config, RefusesWhatModelsWithExpertsCannotBe) {
  const auto refused = [](json file, const char* key, const json& value, Status status, const char* words) {
    file[key] = value;
    expect_error(status, words, [&] { read(file); });
  };
  refused(llada_moe(), "moe_layer_freq", {1, 0, 1}, Status::unsupported, "has layers without experts");
  refused(llada_moe(), "shared_expert_intermediate_size", 8, Status::unsupported, "shared_expert");
  refused(llada_moe(), "num_experts_per_tok", 13, Status::bad_model, "chooses 13 experts of the 12");
  refused(llada_moe(), "num_experts", 2000, Status::unsupported, "chooses 5 of 2000 experts");
  refused(llada_moe(), "expert_intermediate_size", 44, Status::unsupported, "multiples of 8");
  refused(llada2(), "n_group", 5, Status::bad_model, "divides 32 experts into 5 groups");
  refused(llada2(), "n_group", 32, Status::bad_model, "divides 32 experts into 32 groups");
  refused(llada2(), "topk_group", 9, Status::bad_model, "of which it keeps 9");
  refused(llada2(), "topk_group", 1, Status::bad_model, "chooses 6 experts of the 4");
  refused(llada2(), "partial_rotary_factor", 0.25, Status::bad_model, "rotates 5 of the 20 values");
  refused(llada2(), "partial_rotary_factor", 1.5, Status::bad_model, "up to 1, not 1.5");
  refused(llada2(), "score_function", "softmax", Status::unsupported, "score_function");
}

TEST(Config, FillsInWhatMayBeAbsent) {
  json file = llada();
  for (const char* key : {"embedding_size", "n_kv_heads", "pad_token_id", "alibi", "model_type"})
    file.erase(key);
  file["weight_tying"] = true;
  file["bos_token_id"] = 3;
  const ModelConfig config = read(file);
  EXPECT_EQ(config.vocabulary, 130u);
  EXPECT_EQ(config.kv_heads, 6u);
  EXPECT_EQ(config.pad_token, 127);
  EXPECT_TRUE(config.tie_embeddings);
  EXPECT_EQ(config.begin_token, 3);
}

TEST(Config, KnowsLladaByItsFieldsWhereNothingNamesIt) {
  json file = llada();
  file.erase("model_type");
  file.erase("architectures");
  EXPECT_EQ(read(file).architecture, "llada");
}

json mdlm() {
  return json::parse(
      R"({"model_type": "mdlm", "architectures": ["MDLM"], "vocab_size": 50258, "model_length": 96,
    "hidden_dim": 72, "cond_dim": 20, "n_blocks": 2, "n_heads": 3, "dropout": 0.1, "time_conditioning": false})");
}

TEST(Config, ReadsMdlm) {
  const ModelConfig config = read(mdlm());
  EXPECT_EQ(config.architecture, "mdlm");
  EXPECT_EQ(config.layers, 2u);
  EXPECT_EQ(config.hidden, 72u);
  EXPECT_EQ(config.heads, 3u);
  EXPECT_EQ(config.kv_heads, 3u);
  EXPECT_EQ(config.head_dim, 24u);
  EXPECT_EQ(config.ffn, 288u);
  EXPECT_EQ(config.condition, 20u);
  EXPECT_EQ(config.vocabulary, 50258u);
  EXPECT_EQ(config.positions, 96u);
  EXPECT_EQ(config.rope_theta, 10000.0);
  EXPECT_EQ(config.norm_eps, 1e-5);
  EXPECT_FALSE(config.tie_embeddings);
  EXPECT_EQ(config.mask_token, 50257);
  EXPECT_EQ(config.end_token, -1);
  EXPECT_FALSE(config.begin_token.has_value());
}

TEST(Config, ReadsMdlmInTheWordsOfItsTrainingCode) {
  const ModelConfig config = read(json::parse(R"({"parameterization": "subs", "time_conditioning": false,
    "vocab_size": 131, "model": {"hidden_size": 48, "cond_dim": 24, "length": 29, "n_blocks": 5, "n_heads": 2}})"));
  EXPECT_EQ(config.architecture, "mdlm");
  EXPECT_EQ(config.hidden, 48u);
  EXPECT_EQ(config.condition, 24u);
  EXPECT_EQ(config.positions, 29u);
  EXPECT_EQ(config.layers, 5u);
  EXPECT_EQ(config.heads, 2u);
  EXPECT_EQ(config.mask_token, 130);
}

TEST(Config, RefusesMdlmThatIsToldTheTime) {
  json file = mdlm();
  file["time_conditioning"] = true;
  expect_error(Status::unsupported, "of mdlm models only those with false are supported",
               [&] { read(file); });
  file = mdlm();
  file.erase("cond_dim");
  expect_error(Status::bad_model, "lacks \"cond_dim\"", [&] { read(file); });
  file["model"] = "small";
  expect_error(Status::bad_model, "lacks \"cond_dim\"", [&] { read(file); });
}

struct Change {
  const char* key;
  json value;
  Status status;
  const char* words;
};

class ChangedConfig : public testing::TestWithParam<Change> {};

TEST_P(ChangedConfig, IsRefusedWithASentence) {
  json file = llada();
  file[GetParam().key] = GetParam().value;
  expect_error(GetParam().status, GetParam().words, [&] { read(file); });
}

constexpr Status bad = Status::bad_model;
constexpr Status unsupported = Status::unsupported;

const Change changes[] = {
    {"n_layers", 0, bad, "must be an integer from 1 to 4096, not 0"},
    {"n_layers", -3, bad, "not -3"},
    {"n_layers", nullptr, bad, "lacks \"n_layers\""},
    {"d_model", 1000000000000000000, bad, "not 1000000000000000000"},
    {"d_model", 1e18, bad, "not 1e+18"},
    {"d_model", 18446744073709551615ull, bad, "not 18446744073709551615"},
    {"d_model", "96", bad, "not \"96\""},
    {"d_model", 100, bad, "spreads a hidden size of 100 over 6 heads"},
    {"d_model", 90, bad, "has heads of 15 values"},
    {"d_model", 12288, bad, "has heads of 2048 values"},
    {"n_heads", json::array(), bad, "not an array"},
    {"n_kv_heads", 4, bad, "shares 4 key-value heads among 6 heads"},
    {"n_kv_heads", 12, bad, "shares 12 key-value heads among 6 heads"},
    {"mlp_hidden_size", 2000000, bad, "must be an integer from 1 to 1048576"},
    {"embedding_size", 5000000, bad, "not 5000000"},
    {"max_sequence_length", false, bad, "not false"},
    {"mask_token_id", 136, bad, "must be an integer from 0 to 135, not 136"},
    {"mask_token_id", -1, bad, "not -1"},
    {"eos_token_id", 1.5, bad, "not 1.5"},
    {"bos_token_id", 200, bad, "not 200"},
    {"rope_theta", 0, bad, "must be a number above 0"},
    {"rope_theta", "many", bad, "not \"many\""},
    {"rms_norm_eps", -1e-5, bad, "must be a number above 0"},
    {"rms_norm_eps", 3, bad, "up to 0.1, not 3"},
    {"weight_tying", 1, bad, "must be true or false, not 1"},
    {"alibi", true, unsupported, "has alibi = true; of llada models only those with false are supported"},
    {"layer_norm_type", "low_precision", unsupported, "only those with \"rms\""},
    {"include_bias", true, unsupported, "include_bias = true"},
    {"include_qkv_bias", true, unsupported, "include_qkv_bias = true"},
    {"input_emb_norm", true, unsupported, "input_emb_norm = true"},
    {"scale_logits", true, unsupported, "scale_logits = true"},
    {"block_type", "sequential", unsupported, "block_type = \"sequential\""},
    {"block_type", nullptr, unsupported, "block_type = nothing"},
    {"rope", false, unsupported, "rope = false"},
    {"clip_qkv", 8.0, unsupported, "only those with nothing"},
    {"model_type", "mamba", unsupported, "describes a model of type \"mamba\"; this build runs: llada, "},
    {"model_type", 7, unsupported, "a model of type 7"},
    {"model_type", std::string(5000, 'x'), unsupported, "xxx...; this build runs"},
};

INSTANTIATE_TEST_SUITE_P(Changes, ChangedConfig, testing::ValuesIn(changes));

TEST(Config, RefusesFilesThatAreNoConfig) {
  const TemporaryFolder folder;
  const auto refused = [&](Status status, const char* words) {
    expect_error(status, words, [&] { read_config(folder.path()); });
  };
  refused(Status::not_found, "There is no file");
  folder.write("config.json", "");
  refused(bad, "is not valid JSON");
  folder.write("config.json", "[]");
  refused(bad, "must hold a JSON object, not an array");
  folder.write("config.json", R"({"d_model": 1, "d_model": 2})");
  refused(bad, "has the key \"d_model\" twice");
  folder.write("config.json", R"({"hidden_size": 64})");
  refused(unsupported, "unknown (it has no \"model_type\")");
  folder.write("config.json", "{\"x\": 1e999}");
  refused(bad, "is not valid JSON");
  folder.write("config.json", std::string(1'000'001, ' '));
  refused(bad, "more than the 1000000 a sane one has");
}

}  // namespace
}  // namespace unmask::model
