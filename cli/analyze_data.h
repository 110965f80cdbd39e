// Texts to look at two models on.
#pragma once

#include <string>
#include <vector>

#include "handles.h"

namespace cli {

struct AnalyzedText {
  std::vector<int32_t> canvas;  // prompt and text
  size_t prompt_length;
  std::string answer, matcher;  // what a written text is held against; without a matcher, nothing is
};

// One JSON object per line: {"text": TEXT}, or {"prompt": TEXT, "target": TEXT}, which may have an "answer"
// and a "matcher" (eval_matchers.h). At most `most` of them, each target cut or filled up with end tokens to
// `length` tokens; with `chat` prompts are in the model's chat layout. Throws Failure with the number of a
// line that is something else.
std::vector<AnalyzedText> read_texts(const std::string& path, const unmask_model* model, size_t most,
                                     size_t length, bool chat);

}  // namespace cli
