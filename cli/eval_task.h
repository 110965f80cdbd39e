// The items of an evaluation, from a file of JSON Lines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cli {

// A question with its answer worked out, shown before the question that is asked.
struct WorkedExample {
  std::string prompt, answer;
};

struct EvalItem {
  std::string id;                       // unique in its task; the same in every run over the same data
  std::string prompt, answer, matcher;  // see eval_matchers.h
  std::vector<WorkedExample> examples = {};
  std::vector<std::string> choices = {};  // continuations of the prompt, one of them the answer
  std::vector<std::string> until = {};    // the text is cut before the first of these
  int64_t seed = 0;                       // added to the option's
};

// The file's items. One without a matcher gets `matcher`; one without an id gets a hash of prompt and answer.
// Throws Failure with the line's number.
std::vector<EvalItem> read_task(const std::string& path, const std::string& matcher);

// Ids for items that have none: a hash of prompt and answer, and for the second of the same, "-2". Throws
// Failure for an id that two items give.
void give_ids(std::vector<EvalItem>& items);

}  // namespace cli
