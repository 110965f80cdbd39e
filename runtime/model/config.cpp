#include "model/config.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "model/config_family.h"
#include "model/json.h"
#include "tensor/experts.h"

namespace unmask::model {
namespace {

constexpr uint64_t max_config_bytes = 1'000'000;
constexpr uint32_t max_head_dim = 1024;

// --- which family ---

bool names_class(const Json& config, const char* class_name) {
  const Json* classes = find_member(config, "architectures");
  return classes != nullptr && classes->is_array() &&
         std::find(classes->begin(), classes->end(), class_name) != classes->end();
}

// The value under a key of ConfigKey's form; null where it, or an object on the way, is absent. GGUF's keys
// have dots of their own.
const Json* find_value(const Json& object, std::string_view key) {
  if (const Json* whole = find_member(object, key)) return whole;
  const size_t dot = key.find('.');
  const Json* found = find_member(object, key.substr(0, dot));
  if (dot == std::string_view::npos || found == nullptr) return found;
  return found->is_object() ? find_value(*found, key.substr(dot + 1)) : nullptr;
}

bool has_signature(const Json& config, std::span<const char* const> keys) {
  return !keys.empty() && std::all_of(keys.begin(), keys.end(),
                                      [&](const char* key) { return find_value(config, key) != nullptr; });
}

bool belongs(const Json& config, const ConfigFamily& family) {
  if (const Json* type = find_member(config, "model_type"))
    return *type == family.model_type && (!family.signed_type || has_signature(config, family.signature));
  if (find_member(config, "architectures") != nullptr) return names_class(config, family.class_name);
  return has_signature(config, family.signature);
}

std::string known_types() {
  std::vector<std::string_view> names;
  for (const ConfigFamily& family : config_families())
    if (!family.signed_type) names.emplace_back(family.model_type);  // else another family has that type
  return fmt::format("{}", fmt::join(names, ", "));
}

const ConfigFamily& family_of(const Json& config, const std::string& where) {
  for (const ConfigFamily& family : config_families())
    if (belongs(config, family)) return family;
  const Json* type = find_member(config, "model_type");
  fail(Status::unsupported, "{} describes a model of type {}; this build runs: {}.", where,
       type != nullptr ? excerpt(*type) : "unknown (it has no \"model_type\")", known_types());
}

// --- its fields ---

class ConfigReader {
 public:
  ConfigReader(const Json& json, const ConfigFamily& family, const std::string& where)
      : json_(json), family_(family), where_(where) {}

  ModelConfig read() const {
    for (const FixedField& field : family_.fixed) check_fixed(field);
    ModelConfig config{.architecture = family_.architecture};
    for (const IntegerField& field : family_.integers)
      config.*field.member = static_cast<uint32_t>(integer(field));
    for (const NumberField& field : family_.numbers) config.*field.member = number(field);
    if (family_.tie_embeddings != nullptr)
      config.tie_embeddings = bool_member_or(json_, family_.tie_embeddings, false, where_);
    config.head_dim = head_dim(config);
    config.rotary_dim = rotary_dim(config);
    check_expert_layers();
    const int64_t last_token = int64_t{config.vocabulary} - 1;
    for (const TokenField& field : family_.tokens)
      config.*field.member = static_cast<int32_t>(token(field, last_token));
    if (family_.begin_token != nullptr && find_member(json_, family_.begin_token) != nullptr)
      config.begin_token = static_cast<int32_t>(integer({family_.begin_token}, 0, last_token));
    config.qkv_bias = family_.qkv_bias;
    config.qk_norm = family_.qk_norm;
    config.sigmoid_router = family_.sigmoid_router;
    config.shifted_logits = family_.shifted_logits;
    config.block_length = block_length(config);
    if (family_.complete != nullptr) family_.complete(config);
    check_shape(config, where_);
    return config;
  }

 private:
  const Json* find(const ConfigKey& key) const {
    const Json* found = find_value(json_, key.key);
    return found == nullptr && key.otherwise != nullptr ? find_value(json_, key.otherwise) : found;
  }

  const Json& value(const ConfigKey& key) const {
    const Json* found = find(key);
    require(found != nullptr, Status::bad_model, "{} lacks \"{}\".", where_, key.key);
    return *found;
  }

  std::string what(const ConfigKey& key) const { return fmt::format("\"{}\" of {}", key.key, where_); }

  int64_t integer(const ConfigKey& key, int64_t min, int64_t max) const {
    return as_integer(value(key), min, max, what(key));
  }

  int64_t integer(const IntegerField& field) const {
    return find(field.key) != nullptr || field.absent < 0 ? integer(field.key, field.min, field.max)
                                                          : field.absent;
  }

  double number(const NumberField& field) const { return number(field.key, field.max); }

  double number(const ConfigKey& key, double max) const {
    const Json& json = value(key);
    const double result = json.is_number() ? json.get<double>() : 0.0;
    require(result > 0 && result <= max, Status::bad_model,
            "{} must be a number above 0 and up to {}, not {}.", what(key), max, excerpt(json));
    return result;
  }

  void check_fixed(const FixedField& field) const {
    const Json* found = find_value(json_, field.key);
    if (found == nullptr && field.absent_is_same) return;
    const bool same = found != nullptr && field.value != nullptr && *found == Json::parse(field.value);
    require(same, Status::unsupported, "{} has {} = {}; of {} models only those with {} are supported.",
            where_, field.key, found != nullptr ? excerpt(*found) : "nothing", family_.architecture,
            field.value != nullptr ? field.value : "nothing");
  }

  int64_t token(const TokenField& field, int64_t last) const {
    if (find(field.key) != nullptr || field.absent < 0) return integer(field.key, 0, last);
    require(field.absent <= last, Status::bad_model,
            "{} does not name {}, and the family's usual {} is outside its vocabulary of {}.", where_,
            field.key.key, field.absent, last + 1);
    return field.absent;
  }

  uint32_t block_length(const ModelConfig& config) const {
    if (family_.block_length == nullptr) return 0;
    if (find_member(json_, family_.block_length) == nullptr) return family_.default_block_length;
    return static_cast<uint32_t>(integer({family_.block_length}, 1, config.positions));
  }

  uint32_t head_dim(const ModelConfig& config) const {
    if (family_.head_dim != nullptr && find_member(json_, family_.head_dim) != nullptr)
      return static_cast<uint32_t>(integer({family_.head_dim}, 1, max_head_dim));
    require(config.hidden % config.heads == 0, Status::bad_model,
            "{} spreads a hidden size of {} over {} heads, which does not come out even.", where_,
            config.hidden, config.heads);
    return config.hidden / config.heads;
  }

  uint32_t rotary_dim(const ModelConfig& config) const {
    if (family_.rotary_fraction == nullptr) return config.head_dim;
    const bool there = find_member(json_, family_.rotary_fraction) != nullptr;
    return static_cast<uint32_t>(
        config.head_dim * (there ? number({family_.rotary_fraction}, 1) : family_.default_rotary_fraction));
  }

  void check_expert_layers() const {
    if (family_.expert_layers == nullptr) return;
    const Json* layers = find_member(json_, family_.expert_layers);
    if (layers == nullptr) return;
    require(layers->is_array() && std::find(layers->begin(), layers->end(), 0) == layers->end(),
            Status::unsupported,
            "{} has layers without experts ({} = {}), which only LLaDA2 models may have.", where_,
            family_.expert_layers, excerpt(*layers));
  }

  const Json& json_;
  const ConfigFamily& family_;
  const std::string& where_;
};

void check_experts(const ModelConfig& c, const std::string& where) {
  require(c.expert_ffn % 8 == 0, Status::unsupported,
          "{} has experts of {} values; the kernels need multiples of 8.", where, c.expert_ffn);
  require(c.experts <= tensor::max_experts && c.experts_chosen <= tensor::max_chosen_experts,
          Status::unsupported, "{} chooses {} of {} experts; the kernels take up to {} of {}.", where,
          c.experts_chosen, c.experts, tensor::max_chosen_experts, tensor::max_experts);
  const bool grouped = c.expert_groups == 1 || c.experts / c.expert_groups >= 2;  // two best of each count
  require(grouped && c.experts % c.expert_groups == 0 && c.expert_groups_kept <= c.expert_groups,
          Status::bad_model, "{} divides {} experts into {} groups of which it keeps {}.", where, c.experts,
          c.expert_groups, c.expert_groups_kept);
  const uint32_t open = c.experts / c.expert_groups * c.expert_groups_kept;
  require(c.experts_chosen <= open, Status::bad_model,
          "{} chooses {} experts of the {} in the groups it keeps.", where, c.experts_chosen, open);
}

}  // namespace

void check_shape(const ModelConfig& c, const std::string& where) {
  require(c.head_dim % 2 == 0 && c.head_dim > 0 && c.head_dim <= max_head_dim, Status::bad_model,
          "{} has heads of {} values; rotary positions need an even number up to {}.", where, c.head_dim,
          max_head_dim);
  require(c.rotary_dim % 2 == 0 && c.rotary_dim <= c.head_dim, Status::bad_model,
          "{} rotates {} of the {} values of a head; it must be an even number of them.", where, c.rotary_dim,
          c.head_dim);
  require(c.heads % c.kv_heads == 0, Status::bad_model,
          "{} shares {} key-value heads among {} heads, which does not come out even.", where, c.kv_heads,
          c.heads);
  for (const uint32_t width : {c.hidden, c.ffn, c.heads * c.head_dim}) {
    require(width % 8 == 0, Status::unsupported,
            "{} has a layer of {} values; the kernels need multiples of 8 for the hidden size, the "
            "feed-forward size and the heads together.",
            where, width);
  }
  if (c.experts > 0) check_experts(c, where);
}

ModelConfig read_config_fields(const Json& json, const ConfigFamily& family, const std::string& where) {
  return ConfigReader(json, family, where).read();
}

ModelConfig read_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const std::string where = path.string();
  const Json json = read_json_object(path, max_config_bytes);
  return read_config_fields(json, family_of(json, where), where);
}

}  // namespace unmask::model
