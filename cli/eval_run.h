// Items answered by a model, in batches.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval_progress.h"
#include "eval_results.h"
#include "eval_task.h"
#include "handles.h"
#include "option_values.h"
#include "prompts.h"

namespace cli {

struct EvalRun {
  unmask_model* model;
  OptionValues options;
  std::string strategy;
  bool chat = false;        // prompts are messages in the model's chat layout
  bool keep_ids = false;    // of the generated tokens, in the results
  bool likelihood = false;  // items have choices, and the likeliest is the answer
  int32_t batch = 1;
  int32_t draws = 128;              // per likelihood
  unmask_model* drafter = nullptr;  // proposes tokens, for strategies that have a use for it
  OptionValues drafter_options = {};
};

// Answers the items that `file` does not have yet, and adds each to it. Ctrl-C throws the failure that ends
// the program; the file then has every finished item.
void run_items(const EvalRun& run, std::span<const EvalItem> items, ResultsFile& file,
               EvalProgress& progress);

// What the model is asked: worked examples, then the question.
Prompt prompt_of(const EvalItem& item, bool chat);

// The options' seed.
int64_t seed_of(const OptionValues& options);

}  // namespace cli
