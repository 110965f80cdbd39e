// The special tokens that a tokenizer puts around a text when asked to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/json.h"

namespace unmask::model {

struct PostProcessor {
  std::vector<int32_t> before;
  std::vector<int32_t> after;

  // Reads "post_processor": TemplateProcessing for a single text, ByteLevel (which adds nothing) and a
  // Sequence of those. Ids must lie below `vocabulary`. Throws bad_model or unsupported.
  static PostProcessor parse(const Json& tokenizer, int32_t vocabulary, const std::string& where);
};

}  // namespace unmask::model
