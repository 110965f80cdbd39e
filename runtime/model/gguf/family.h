// How GGUF spells the models that we run: one entry for each architecture, read in both directions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/config_family.h"

namespace unmask::model::gguf {

// How a file has a tensor. The rows of llama.cpp's paired heads are in the order of adjacent-pair rotation,
// where our networks rotate the two halves of a head.
enum class Stored : uint8_t {
  alike,  // as networks do
  paired_queries,
  paired_keys,
  stacked_experts,  // [experts, outputs, inputs], where networks have a matrix for each expert
  in_f32,           // whatever type the other matrices have
};

// "{}" stands for the number of a layer; in `network` a second one for that of an expert.
struct TensorName {
  const char* network;  // as model/arch asks for it, and Hugging Face folders have it
  const char* gguf;
  Stored stored = Stored::alike;
};

// Of the tensors [outputs, inputs] of a network that are one in a file.
uint32_t stacked_count(const TensorName& name, const ModelConfig& config);

// Whose rows are in pairs; 0 where they are not.
uint32_t paired_heads(const TensorName& name, const ModelConfig& config);

struct Family {
  // Its model_type is general.architecture. Keys stand without that prefix ("block_count"); those that begin
  // with "tokenizer." or "diffusion." have none.
  ConfigFamily config;
  std::span<const TensorName> tensors;
};

// By general.architecture; throws unsupported, naming those there are.
const Family& family_of_gguf(std::string_view architecture, const std::string& where);

// The one that would read back as this; throws unsupported where llama.cpp knows no such models.
const Family& family_of_config(const ModelConfig& config);

// "block_count" -> "llada.block_count"
std::string full_key(const Family& family, std::string_view key);

// Whether the key has the architecture's prefix in a file.
bool is_prefixed(std::string_view key);

// The head of the model shares the embedding where a file lacks this.
inline constexpr const char* head_tensor = "output.weight";
inline constexpr const char* embedding_tensor = "token_embd.weight";

// Names of one layer and expert, or as they are where there is no "{}".
std::string layer_name(std::string_view pattern, uint32_t layer, uint32_t expert = 0);

}  // namespace unmask::model::gguf
