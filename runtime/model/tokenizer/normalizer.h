// What is done to a text before it is cut into pieces.
#pragma once

#include <string>
#include <string_view>

#include "model/json.h"

namespace unmask::model {

// Immutable, for any thread.
class Normalizer {
 public:
  // Reads "normalizer": none, NFC, or a Sequence of those. Throws bad_model or unsupported.
  static Normalizer parse(const Json& tokenizer, const std::string& where);

  std::string normalize(std::string_view text) const;

 private:
  bool compose_ = false;
};

}  // namespace unmask::model
