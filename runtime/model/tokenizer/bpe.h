// Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) over bytes: the vocabulary and its merges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/json.h"
#include "model/tokenizer/merge_table.h"

namespace unmask::model {

// No real vocabulary comes near; a file with larger ids is damaged or hostile.
inline constexpr int32_t max_token_id = 4'000'000;

// Immutable, for any thread. Tokens are spelled in the letters of byte_level.h, as in the file.
class Bpe {
 public:
  // Reads "model". Throws bad_model, or unsupported for a model that is not byte-level BPE.
  static Bpe parse(const Json& tokenizer, const std::string& where);

  Bpe(Bpe&&) = default;
  Bpe& operator=(Bpe&&) = default;
  Bpe(const Bpe&) = delete;  // the keys of ids_ point into tokens_
  Bpe& operator=(const Bpe&) = delete;

  // Appends the tokens of one piece: neighbours are merged in the order of the merges, the leftmost first,
  // until no merge applies. Takes n log n steps for n bytes.
  void encode(std::string_view bytes, std::vector<int32_t>& ids) const;

  std::optional<int32_t> token_id(std::string_view letters) const;
  const std::string* token(int32_t id) const;  // null where the vocabulary has no such id
  int32_t size() const { return static_cast<int32_t>(tokens_.size()); }  // one more than the largest id

 private:
  Bpe() = default;
  void parse_vocabulary(const Json& model, const std::string& where);
  void parse_merges(const Json& model, const std::string& where);
  void parse_unknown(const Json& model, const std::string& where);
  void add_merge(std::string_view left, std::string_view right, uint32_t rank, const std::string& where);
  void find_byte_tokens();
  int32_t token_of_merge(std::string_view token, uint32_t rank, const std::string& where) const;
  std::vector<int32_t> tokens_of_bytes(std::string_view bytes) const;

  std::vector<std::string> tokens_;  // by id; empty where there is none
  std::unordered_map<std::string_view, int32_t> ids_;
  MergeTable merges_;
  std::vector<int32_t> byte_tokens_;  // 256; -1 where the vocabulary lacks the byte
  std::optional<int32_t> unknown_;    // stands for bytes that the vocabulary lacks; none: they vanish
  bool fuse_unknown_ = false;         // one for a whole run of such bytes
  bool ignore_merges_ = false;        // a piece that is a token becomes that token, whatever the merges say
};

}  // namespace unmask::model
