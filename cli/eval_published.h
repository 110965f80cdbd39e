// GSM8K and MMLU with the prompts that published figures are measured with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "eval_task.h"

namespace cli {

struct PublishedTask {
  std::string data;        // a file, or for MMLU also a folder of them
  std::string shots_from;  // where worked examples are, likewise; empty: none are shown
  size_t shots = 5;        // the first ones of the file
  bool chat = false;
};

// Cobbe et al. 2021 (arXiv 2110.14168): JSON Lines with "question" and "answer", which ends with "#### N".
// Asked as the LM Evaluation Harness does (task gsm8k); with `chat` and no examples, as OpenCompass does
// (gsm8k_0shot_v2).
std::vector<EvalItem> gsm8k_items(const PublishedTask& task);

// Hendrycks et al. 2021 (arXiv 2009.03300): CSV with a question, four options and a letter; the subject is
// the file's name. Asked as the authors do, to be answered by likelihood; with `chat`, as OpenCompass does
// (mmlu_gen).
std::vector<EvalItem> mmlu_items(const PublishedTask& task);

}  // namespace cli
