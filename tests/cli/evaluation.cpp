// What `unmask eval` and `unmask compare` compute without a device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "csv.h"
#include "eval_compare.h"
#include "eval_intervals.h"
#include "eval_matchers.h"
#include "eval_published.h"
#include "eval_results.h"
#include "eval_summary.h"
#include "eval_task.h"
#include "eval_text.h"
#include "handles.h"
#include "plot.h"
#include "schedule_proposal.h"

namespace cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string read(const std::string& matcher, const std::string& text) {
  return find_matcher(matcher).read(text);
}

TEST(Matchers, NumbersInOneSpelling) {
  std::vector<std::string> spellings;
  for (const Number& n : numbers_in("$1,234.50, -7, -$3.0; 5-3 (a)-2 007 0.5. 12. -.80 x.9")) {
    spellings.push_back(n.spelling);
  }
  EXPECT_THAT(spellings, ElementsAre("1234.5", "-7", "-3", "5", "3", "2", "7", "0.5", "12", "-0.8", "9"));
  EXPECT_EQ(read("last_number", "-0.00"), "0");
  EXPECT_EQ(read("last_number", "none"), "");
}

TEST(Matchers, WhatAnswersSay) {
  EXPECT_EQ(read("last_number", "3 + 4 = 7. The answer is 7."), "7");
  EXPECT_EQ(read("gsm8k", "He makes 9 * 2 = $<<9*2=18>>18\n#### 1,800 and 3"), "1800");
  EXPECT_EQ(read("gsm8k", "so \\boxed{42} is one of 3"), "42");
  EXPECT_EQ(read("gsm8k", "so it is 42"), "42");
  EXPECT_EQ(read("letter", "Because of Ale, (C) or D"), "C");
  EXPECT_EQ(read("letter", "BAD A's"), "");
  EXPECT_EQ(read("exact", "  I_RUN\n\tI_JUMP "), "I_RUN I_JUMP");
  EXPECT_THROW(find_matcher("best"), Failure);
}

TEST(Matchers, ArithmeticIsChecked) {
  EXPECT_EQ(read("worked_arithmetic", "3 + 4 = 7. 7 * 2 = 14. The answer is 14."), "14");
  EXPECT_EQ(read("worked_arithmetic", "40 / 8 = 5. The answer is 5."), "5");
  EXPECT_EQ(read("worked_arithmetic", "3 + 4 = 8. The answer is 8."), "") << "a wrong step";
  EXPECT_EQ(read("worked_arithmetic", "3 + 4 = 7. The answer is 8."), "") << "another answer";
  EXPECT_EQ(read("worked_arithmetic", "3 + 4 = 7. 7 and 2 = 9. The answer is 9."), "") << "no step";
  EXPECT_EQ(read("worked_arithmetic", "The answer is 8."), "") << "no step at all";
  EXPECT_EQ(read("worked_arithmetic", "8 / 0 = 0. The answer is 0."), "");
}

TEST(Matchers, RightMeansReadTheSame) {
  const Matcher& number = find_matcher("last_number");
  EXPECT_TRUE(is_right(number, "It is $1,000.", "1000"));
  EXPECT_FALSE(is_right(number, "It is 100.", "1000"));
  EXPECT_FALSE(is_right(number, "no number", "also none")) << "nothing read is nothing right";
  EXPECT_TRUE(is_right(number, "any 3", "")) << "without an answer, it is enough to be readable";
}

TEST(Intervals, Wilson) {
  EXPECT_NEAR(wilson_interval(8, 10).low, 0.4901625, 1e-6);
  EXPECT_NEAR(wilson_interval(8, 10).high, 0.9433178, 1e-6);
  EXPECT_EQ(wilson_interval(0, 5).low, 0);
  EXPECT_EQ(wilson_interval(5, 5).high, 1);
}

TEST(Intervals, PairedDifferences) {
  const Interval i = paired_interval(5, 2, 40);
  EXPECT_NEAR(i.low, 3.0 / 42 - 1.959964 / 42 * std::sqrt(8 - 9.0 / 42), 1e-6);
  EXPECT_NEAR(i.high, 3.0 / 42 + 1.959964 / 42 * std::sqrt(8 - 9.0 / 42), 1e-6);
  EXPECT_LT(paired_interval(0, 0, 40).low, 0) << "no discordant pair is no certainty";
}

TEST(Csv, FieldsInQuotes) {
  EXPECT_THAT(parse_csv("a,\"b, \"\"c\"\"\",\r\n\n\"two\nlines\",x\n"),
              ElementsAre(ElementsAre("a", "b, \"c\"", ""), ElementsAre("two\nlines", "x")));
  for (const std::string field : {"plain", "a,b", "\"", "two\nlines"}) {
    EXPECT_THAT(parse_csv(csv_field(field) + ",end"), ElementsAre(ElementsAre(field, "end")));
  }
}

TEST(Texts, EntropyAndDistinctSequences) {
  const std::vector<TokenList> texts = {{1, 1, 2, 2}, {3, 3, 3}};
  EXPECT_NEAR(unigram_entropy(texts), std::log(2.0) / 2, 1e-12);
  EXPECT_DOUBLE_EQ(distinct_n(texts, 1), 3.0 / 7);
  EXPECT_DOUBLE_EQ(distinct_n(texts, 2), 4.0 / 5);
  EXPECT_EQ(distinct_n({}, 2), 0);
}

// Files of one test.
class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

template <typename Run>
std::string failure_of(Run&& run) {
  try {
    run();
  } catch (const Failure& e) {
    return e.what();
  }
  return "none";
}

using Task = Files;

TEST_F(Task, ItemsHaveIdsOfTheirContent) {
  const std::string item = R"({"prompt": "p", "answer": 7, "matcher": "last_number"})";
  const std::string choice = R"({"id": "x", "prompt": "q", "answer": "B", "choices": ["A", "B"], )"
                             R"("until": ["\n"], "examples": [{"prompt": "e", "answer": "f"}]})";
  const auto items = read_task(write("task.jsonl", item + "\n\n" + item + "\n" + choice + "\n"), "letter");
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[1].id, items[0].id + "-2");
  EXPECT_EQ(items[0].answer, "7");
  EXPECT_EQ(items[2].id, "x");
  EXPECT_EQ(items[2].matcher, "letter");
  EXPECT_THAT(items[2].choices, ElementsAre("A", "B"));
  EXPECT_EQ(items[2].examples.at(0).answer, "f");
}

TEST_F(Task, BadLinesAreNamed) {
  const std::string good = R"({"prompt": "p", "answer": "7", "matcher": "exact"})";
  for (const std::string bad :
       {"{", "[]", R"({"answer": "7", "matcher": "exact"})", R"({"prompt": "p", "answer": "7"})",
        R"({"prompt": "p", "answer": "7", "matcher": "magic"})", R"({"prompt": [], "answer": "7"})",
        R"({"prompt": "a\u0000b", "answer": "7", "matcher": "exact"})",
        R"({"prompt": "p", "answer": "7", "matcher": "exact", "examples": 3})",
        R"({"prompt": "p", "answer": "7", "matcher": "exact", "choices": [3]})"}) {
    const std::string file = write("task.jsonl", good + "\n" + bad + "\n");
    EXPECT_THAT(failure_of([&] { read_task(file, ""); }), HasSubstr("line 2")) << bad;
  }
  EXPECT_THAT(failure_of([&] { read_task(write("empty.jsonl", ""), ""); }), HasSubstr("no items"));
  EXPECT_THAT(failure_of([&] { read_task(path("absent"), ""); }), HasSubstr("absent"));
  const std::string twice = R"({"id": "a", "prompt": "p", "answer": "7", "matcher": "exact"})";
  EXPECT_THAT(failure_of([&] { read_task(write("twice.jsonl", twice + "\n" + twice), ""); }),
              HasSubstr("'a'"));
}

TEST_F(Task, Gsm8kAsPublished) {
  PublishedTask task;
  task.data = write("test.jsonl", R"({"question": "Two and two?", "answer": "2 + 2 = <<2+2=4>>4\n#### 4"})");
  task.shots_from = write("train.jsonl", R"({"question": "One?", "answer": "It is 1\n#### 1"})");
  const EvalItem shot = gsm8k_items(task).at(0);
  EXPECT_EQ(shot.prompt, "Question: One?\nAnswer: It is 1\n#### 1\n\nQuestion: Two and two?\nAnswer:");
  EXPECT_THAT(shot.until, ElementsAre("Question:"));
  EXPECT_TRUE(is_right(find_matcher(shot.matcher), "so\n#### 4", shot.answer));
  task.chat = true;
  EXPECT_EQ(gsm8k_items(task).at(0).examples.at(0).prompt, "Question: One?\nAnswer:");
  task.shots_from.clear();
  EXPECT_THAT(gsm8k_items(task).at(0).prompt, EndsWith("final answer within \\boxed{}."));
}

TEST_F(Task, MmluAsPublished) {
  std::filesystem::create_directories(path("test"));
  std::filesystem::create_directories(path("dev"));
  write("test/high_school_physics_test.csv", "\"How fast, then?\",slow,fast,\"a \"\"c\"\"\",no,B\n");
  write("dev/high_school_physics_dev.csv", "Heavy?,yes,no,1,2,A\nLight?,yes,no,1,2,D\n");
  PublishedTask task{path("test"), path("dev"), 1};
  const EvalItem item = mmlu_items(task).at(0);
  EXPECT_EQ(item.prompt,
            "The following are multiple choice questions (with answers) about high school physics.\n\n"
            "Heavy?\nA. yes\nB. no\nC. 1\nD. 2\nAnswer: A\n\n"
            "How fast, then?\nA. slow\nB. fast\nC. a \"c\"\nD. no\nAnswer:");
  EXPECT_THAT(item.choices, ElementsAre(" A", " B", " C", " D"));
  EXPECT_EQ(item.answer, "B");
  task.chat = true;
  EXPECT_THAT(mmlu_items(task).at(0).prompt,
              StartsWith("There is a single choice question about high school physics."));
  EXPECT_EQ(mmlu_items(task).at(0).examples.at(0).answer, "A");
  task = {write("bad.csv", "a,b,c\n"), ""};
  EXPECT_THAT(failure_of([&] { mmlu_items(task); }), HasSubstr("record 1"));
}

ItemResult result(const std::string& id, bool right) {
  ItemResult r;
  r.id = id;
  r.right = right;
  r.tokens = 4;
  r.passes = 2;
  r.rows = 20;
  r.flops = 8000;
  r.drafted = 4;
  r.accepted = 3;
  r.seconds = 0.5;
  return r;
}

using ResultFiles = Files;

TEST_F(ResultFiles, AreTakenUpBehindTheLastWholeLine) {
  const Json settings = {{"model", "m"}, {"options", {{"length", "32"}}}};
  const std::string name = path("r.jsonl");
  ResultsFile(name, settings).add(result("a", true));
  std::ofstream(name, std::ios::app) << R"({"id": "b", "rig)";
  ResultsFile again(name, settings);
  EXPECT_TRUE(again.has("a"));
  EXPECT_FALSE(again.has("b"));
  again.add(result("b", false));
  const Results all = read_results(name);
  ASSERT_EQ(all.items.size(), 2u);
  EXPECT_TRUE(all.items[0].right);
  EXPECT_EQ(all.items[1].flops, 8000);
  EXPECT_EQ(all.items[1].accepted, 3);
}

TEST_F(ResultFiles, OfOtherSettingsAreRefused) {
  const std::string name = path("r.jsonl");
  ResultsFile(name, {{"model", "m"}, {"options", {{"length", "32"}}}}).add(result("a", true));
  const auto open = [&](const Json& settings) { return failure_of([&] { ResultsFile(name, settings); }); };
  EXPECT_THAT(open({{"model", "m"}, {"options", {{"length", "64"}}}}),
              HasSubstr("length \"32\", not \"64\""));
  EXPECT_THAT(open({{"model", "m"}, {"options", {{"length", "32"}, {"seed", "1"}}}}),
              HasSubstr("seed at its default"));
  EXPECT_THAT(open({{"model", "other"}, {"options", {{"length", "32"}}}}), HasSubstr("model \"m\""));
  EXPECT_THAT(failure_of([&] { read_results(write("x.jsonl", "{}\n")); }), HasSubstr("line 1"));
}

TEST(Summary, SumsAndPairs) {
  const std::vector<ItemResult> here = {result("a", true), result("b", true), result("c", false)};
  const std::vector<ItemResult> there = {result("b", false), result("c", false), result("d", true)};
  const EvalSummary s = summary_of(here);
  EXPECT_NEAR(s.accuracy(), 2.0 / 3, 1e-12);
  EXPECT_EQ(s.per_token(static_cast<double>(s.flops)), 2000);
  EXPECT_DOUBLE_EQ(s.acceptance(), 0.75);
  const PairedDifference d = paired_difference(here, there);
  EXPECT_EQ(d.n, 2);
  EXPECT_EQ(d.gained, 1);
  EXPECT_EQ(d.lost, 0);
  EXPECT_EQ(d.value(), 0.5);
  EXPECT_EQ(short_number(12345678), "12.3 M");
  EXPECT_EQ(short_number(999.7), "1.00 k");
}

TEST(Compare, TableCsvAndPlot) {
  const std::vector<ItemResult> slow = {result("a", true), result("b", true)};
  std::vector<ItemResult> fast = {result("a", true), result("b", false)};
  for (ItemResult& r : fast) r.flops /= 4;
  fast.push_back(result("c", true));  // not in the other: no part of the ratio
  const std::vector<ComparedRun> runs = {compared_run("none", "none", slow, slow),
                                         compared_run("dual", "dual, <fast>", fast, slow),
                                         compared_run("block", "block", {}, slow, "not for \"this\" model")};
  EXPECT_THAT(to_table(runs), HasSubstr("not for \"this\" model"));
  const auto rows = parse_csv(to_csv(runs));
  ASSERT_EQ(rows.size(), 4u);
  for (const auto& row : rows) EXPECT_EQ(row.size(), rows[0].size());
  const auto ratio = std::find(rows[0].begin(), rows[0].end(), "flops_ratio") - rows[0].begin();
  EXPECT_EQ(rows[2].at(static_cast<size_t>(ratio)), "4.00");
  const std::string svg = to_plot("Title & all", runs);
  EXPECT_THAT(svg, StartsWith("<svg "));
  EXPECT_THAT(svg, HasSubstr("Title &amp; all"));
  EXPECT_THAT(svg, HasSubstr("dual, &lt;fast>"));
  EXPECT_THAT(svg, Not(HasSubstr("block")));
  for (const char* x : {"passes per item", "FLOPs per token", "seconds per token"}) {
    EXPECT_THAT(svg, HasSubstr(x));
  }
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(failure_of([&] { to_plot("none", {&runs[2], 1}); }), HasSubstr("nothing to plot"));
}

TEST(ScheduleProposal, TheLightModelGetsTheCheapestBins) {
  const std::vector<double> costs = {0.1, 0.5, 0.9, 0.4, 0.3, 0.8, 0.2, 0.0};
  EXPECT_EQ(propose_schedule(costs, 0.25), "L0.125,H0.75,L0.125");
  EXPECT_EQ(propose_schedule(costs, 0.26), "L0.125,H0.625,L0.25") << "no fewer than asked for";
  EXPECT_EQ(propose_schedule(costs, 0.5), "L0.125,H0.375,L0.125,H0.125,L0.25");
  EXPECT_EQ(propose_schedule(costs, 0), "H");
  EXPECT_EQ(propose_schedule(costs, 1), "L");
  EXPECT_EQ(propose_schedule(std::vector<double>(4, 1.0), 0.5), "L0.5,H0.5") << "ties go to the earlier bin";
}

TEST(ScheduleProposal, KnowsHowManyStepsSaveAShareOfWork) {
  EXPECT_DOUBLE_EQ(share_of_steps(1.0 / 6, 12, 4), 0.25);
  EXPECT_DOUBLE_EQ(share_of_steps(0.5, 10, 5), 1);
  EXPECT_THROW(share_of_steps(0.51, 10, 5), Failure);
}

}  // namespace
}  // namespace cli
