// A file of results: what was run, then one finished item per line, so that a run can be taken up again.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "text_file.h"

namespace cli {

struct ItemResult {
  std::string id;
  bool right = false;
  std::string text;  // what the model wrote, or the choice it finds likeliest
  int64_t prompt_tokens = 0;
  int64_t tokens = 0;            // that the model decided
  int64_t passes = 0, rows = 0;  // of the model that answers
  // Those of a drafter included; a multiply-add is two, no padding; 0 where they are not counted.
  int64_t flops = 0;
  int64_t drafter_passes = 0;
  int64_t drafted = 0, accepted = 0;  // tokens put forward, and those that stayed
  double seconds = 0;                 // of a batch, its share
  std::vector<int32_t> ids = {};      // of the generated tokens, for tasks without a prompt
};

// In the order they were finished.
struct Results {
  Json settings;
  std::vector<ItemResult> items;
};

// Throws Failure that names the line. A last line that was cut short is left out.
Results read_results(const std::string& path);

// Results of one run, in a file unless `path` is empty. A file that is there must have the same settings.
class ResultsFile {
 public:
  ResultsFile(const std::string& path, const Json& settings);

  const Results& results() const { return results_; }

  // Of those items that are finished.
  template <typename Items>
  std::vector<ItemResult> of(const Items& items) const {
    std::vector<ItemResult> found;
    for (const auto& item : items) {
      if (has(item.id)) found.push_back(at(item.id));
    }
    return found;
  }
  bool has(const std::string& id) const { return index_.contains(id); }
  const ItemResult& at(const std::string& id) const { return results_.items[index_.at(id)]; }

  // Written and flushed before it returns.
  void add(const ItemResult& item);

 private:
  void take_up();
  void write(const Json& line);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string path_;
  Results results_;
  std::map<std::string, size_t> index_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace cli
