// How the families of models spell their config.json: one table each, so that a family joins with a table.
#pragma once

#include <cstdint>
#include <span>

#include "model/config.h"
#include "model/json.h"

namespace unmask::model {

// Where a value stands: under `key`, or where that is absent or null under `otherwise`. A dot steps into a
// nested object: "model.length".
struct ConfigKey {
  const char* key;
  const char* otherwise = nullptr;
};

// A whole number from `min` to `max`.
struct IntegerField {
  ConfigKey key;
  uint32_t ModelConfig::*member;
  uint32_t max;
  uint32_t min = 1;
  int64_t absent = -1;  // the value where neither key is there; negative: one must be
};

// A finite number above 0, up to `max`.
struct NumberField {
  ConfigKey key;
  double ModelConfig::*member;
  double max;
};

struct TokenField {
  ConfigKey key;
  int32_t ModelConfig::*member;
  int64_t absent = -1;  // the value where neither key is there; negative: one must be
};

// A switch of the original code of which we run one setting only. `value` is JSON text; null means that the
// key must be absent or null. `absent_is_same` says whether leaving the key out means that setting.
struct FixedField {
  const char* key;
  const char* value;
  bool absent_is_same;
};

struct ConfigFamily {
  const char* architecture;
  const char* model_type;  // the value of "model_type"
  const char* class_name;  // the value in "architectures"
  std::span<const char* const>
      signature;             // a file without those two is of the family that has all these keys
  bool signed_type = false;  // "model_type" alone does not tell the family: the signature must be there too
  std::span<const IntegerField> integers;
  std::span<const NumberField> numbers;
  std::span<const TokenField> tokens;
  std::span<const FixedField> fixed;
  const char* tie_embeddings;  // key of a flag, false where absent; null: never
  const char* begin_token;     // key of the optional token before a text; null: there is none
  const char* head_dim;        // key of an explicit head size; null: always hidden / heads

  // What the family's code does without saying so in the file.
  bool qkv_bias = false, qk_norm = false, shifted_logits = false, sigmoid_router = false;
  const char* block_length = nullptr;     // key of the block of block-causal attention; null: bidirectional
  uint32_t default_block_length = 0;      // where that key is absent
  const char* rotary_fraction = nullptr;  // key of the part of each head that rotates; null: all rotates
  double default_rotary_fraction = 1;     // where that key is absent
  const char* expert_layers = nullptr;    // key of a list with a 0 for each layer without experts, of which
                                          // there must be none
  void (*complete)(ModelConfig&) = nullptr;  // sets what else it fixes
};

std::span<const ConfigFamily> config_families();

// Reads the fields of a family from an object; `where` names it in sentences. See read_config.
ModelConfig read_config_fields(const Json& json, const ConfigFamily& family, const std::string& where);

}  // namespace unmask::model
