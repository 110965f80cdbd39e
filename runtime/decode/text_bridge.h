// Tokens of one model as those of another, by way of their text, for models that do not share a tokenizer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"

namespace unmask::decode {

class TextBridge {
 public:
  // Both models must outlive it. `drops_special`: special tokens other than masks are lost, as published code
  // has it. Throws unsupported where the models have different tokens and one has no tokenizer.
  TextBridge(const model::Model& from, const model::Model& to, bool drops_special);

  // Whether both models have the same tokens, which then stay as they are.
  bool is_identity() const { return identity_; }

  struct Converted {
    std::vector<int32_t> tokens;
    // Of each, the tokens [begin, end) that it was made from: those whose text it shares.
    struct Source {
      uint32_t begin, end;
    };
    std::vector<Source> sources;
  };

  // Each mask becomes a mask, and a special token the other model's of the same meaning, or it is lost. The
  // text between is encoded anew.
  Converted convert(std::span<const int32_t> tokens) const;

 private:
  bool is_text(int32_t token) const;
  void add_special(int32_t token, uint32_t index, Converted& converted) const;
  void add_text(std::span<const int32_t> tokens, uint32_t first, Converted& converted) const;

  const model::Model &from_, &to_;
  bool identity_, drops_special_;
};

}  // namespace unmask::decode
