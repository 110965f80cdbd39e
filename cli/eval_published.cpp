#include "eval_published.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "csv.h"
#include "handles.h"
#include "text_file.h"

namespace cli {

namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 4> letters = {"A", "B", "C", "D"};

std::vector<WorkedExample> read_gsm8k(const std::string& path) {
  std::vector<WorkedExample> problems;
  for_each_object(path, [&](int number, const Json& object) {
    const auto has = [&](const char* name) { return object.contains(name) && object[name].is_string(); };
    if (!has("question") || !has("answer")) {
      throw Failure(
          fmt::format("{}, line {}: GSM8K has texts named \"question\" and \"answer\".", path, number));
    }
    problems.push_back({object["question"], object["answer"]});
  });
  if (problems.empty()) throw Failure(fmt::format("The file {} has no problems.", path));
  return problems;
}

struct MmluQuestion {
  std::string question;
  std::array<std::string, 4> options;
  std::string letter;
};

std::vector<MmluQuestion> read_mmlu(const std::string& path) {
  std::vector<MmluQuestion> questions;
  for (const std::vector<std::string>& r : parse_csv(read_text_file(path))) {
    if (r.size() != 6 || std::find(letters.begin(), letters.end(), r[5]) == letters.end()) {
      throw Failure(fmt::format("{}, record {}: MMLU has a question, four options and a letter A to D.", path,
                                questions.size() + 1));
    }
    questions.push_back({r[0], {r[1], r[2], r[3], r[4]}, r[5]});
  }
  if (questions.empty()) throw Failure(fmt::format("The file {} has no questions.", path));
  return questions;
}

// "abstract_algebra" of "data/test/abstract_algebra_test.csv".
std::string subject_of(const fs::path& path) {
  std::string name = path.stem().string();
  for (const std::string ending : {"_test", "_dev", "_val"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

std::string with_blanks(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::vector<fs::path> csv_files(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".csv") files.push_back(entry.path());
  }
  if (files.empty()) throw Failure(fmt::format("The folder {} has no CSV files.", path));
  std::sort(files.begin(), files.end());
  return files;
}

template <typename T>
std::vector<T> first_of(std::vector<T> list, size_t count) {
  list.resize(std::min(list.size(), count));
  return list;
}

std::vector<MmluQuestion> mmlu_examples(const PublishedTask& task, const std::string& subject) {
  if (task.shots_from.empty()) return {};
  const fs::path from(task.shots_from);
  const fs::path file = fs::is_directory(from) ? from / (subject + "_dev.csv") : from;
  return first_of(read_mmlu(file.string()), task.shots);
}

std::string options_text(const MmluQuestion& q) {
  std::string text = q.question;
  for (size_t i = 0; i < letters.size(); ++i) text += fmt::format("\n{}. {}", letters[i], q.options[i]);
  return text + "\nAnswer:";
}

EvalItem mmlu_text(const std::string& subject, const std::vector<MmluQuestion>& examples,
                   const MmluQuestion& q) {
  EvalItem item;
  item.prompt =
      fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", subject);
  for (const MmluQuestion& e : examples) item.prompt += options_text(e) + " " + e.letter + "\n\n";
  item.prompt += options_text(q);
  item.choices = {" A", " B", " C", " D"};
  return item;
}

EvalItem mmlu_chat(const std::string& subject, const std::vector<MmluQuestion>& examples,
                   const MmluQuestion& q) {
  const std::string hint = fmt::format(
      "There is a single choice question about {}. Answer the question by replying A, B, C or D.\nQuestion: ",
      subject);
  EvalItem item;
  item.prompt = hint + options_text(q) + " ";
  for (const MmluQuestion& e : examples) item.examples.push_back({hint + options_text(e) + " ", e.letter});
  item.choices = {"A", "B", "C", "D"};
  return item;
}

std::string gsm8k_question(const std::string& question) { return "Question: " + question + "\nAnswer:"; }

EvalItem gsm8k_text(const std::vector<WorkedExample>& examples, const WorkedExample& problem) {
  EvalItem item;
  for (const WorkedExample& e : examples) item.prompt += gsm8k_question(e.prompt) + " " + e.answer + "\n\n";
  item.prompt += gsm8k_question(problem.prompt);
  item.until = {"Question:"};
  return item;
}

EvalItem gsm8k_chat(const std::vector<WorkedExample>& examples, const WorkedExample& problem) {
  EvalItem item;
  for (const WorkedExample& e : examples) item.examples.push_back({gsm8k_question(e.prompt), e.answer});
  item.prompt =
      examples.empty()
          ? problem.prompt + "\nPlease reason step by step, and put your final answer within \\boxed{}."
          : gsm8k_question(problem.prompt);
  return item;
}

}  // namespace

std::vector<EvalItem> gsm8k_items(const PublishedTask& task) {
  const std::vector<WorkedExample> examples = task.shots_from.empty()
                                                  ? std::vector<WorkedExample>{}
                                                  : first_of(read_gsm8k(task.shots_from), task.shots);
  std::vector<EvalItem> items;
  for (const WorkedExample& problem : read_gsm8k(task.data)) {
    items.push_back(task.chat ? gsm8k_chat(examples, problem) : gsm8k_text(examples, problem));
    items.back().answer = problem.answer;
    items.back().matcher = "gsm8k";
  }
  give_ids(items);
  return items;
}

std::vector<EvalItem> mmlu_items(const PublishedTask& task) {
  std::vector<EvalItem> items;
  for (const fs::path& file : csv_files(task.data)) {
    const std::string subject = subject_of(file);
    const std::vector<MmluQuestion> examples = mmlu_examples(task, subject);
    for (const MmluQuestion& q : read_mmlu(file.string())) {
      const auto ask = task.chat ? mmlu_chat : mmlu_text;
      items.push_back(ask(with_blanks(subject), examples, q));
      items.back().answer = q.letter;
      items.back().matcher = "letter";
    }
  }
  give_ids(items);
  return items;
}

}  // namespace cli
