#include "eval_results.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "handles.h"

namespace cli {

namespace {

Json to_json(const ItemResult& r) {
  Json line = {{"id", r.id},
               {"right", r.right},
               {"text", r.text},
               {"prompt_tokens", r.prompt_tokens},
               {"tokens", r.tokens},
               {"passes", r.passes},
               {"rows", r.rows},
               {"flops", r.flops},
               {"drafter_passes", r.drafter_passes},
               {"drafted", r.drafted},
               {"accepted", r.accepted},
               {"seconds", r.seconds}};
  if (!r.ids.empty()) line["ids"] = r.ids;
  return line;
}

ItemResult item_of(const Json& line) {
  ItemResult r;
  line.at("id").get_to(r.id);
  line.at("right").get_to(r.right);
  line.at("text").get_to(r.text);
  line.at("prompt_tokens").get_to(r.prompt_tokens);
  line.at("tokens").get_to(r.tokens);
  line.at("passes").get_to(r.passes);
  line.at("rows").get_to(r.rows);
  line.at("flops").get_to(r.flops);
  line.at("drafter_passes").get_to(r.drafter_passes);
  line.at("drafted").get_to(r.drafted);
  line.at("accepted").get_to(r.accepted);
  line.at("seconds").get_to(r.seconds);
  if (line.contains("ids")) line.at("ids").get_to(r.ids);
  return r;
}

[[noreturn]] void fail_at(const std::string& path, int number) {
  throw Failure(fmt::format("{}, line {}: this is no file of results of `unmask eval --out`.", path, number));
}

void read_line(const std::string& path, int number, const std::string& text, Results& results) {
  const Json line = Json::parse(text, nullptr, false);
  if (!line.is_object()) fail_at(path, number);
  if (number == 1) {
    if (!line.contains("settings") || !line["settings"].is_object()) fail_at(path, number);
    results.settings = line["settings"];
    return;
  }
  try {
    results.items.push_back(item_of(line));
  } catch (const Json::exception&) {
    fail_at(path, number);
  }
}

// The first setting in which two runs differ, as "length 32, not 64"; empty if there is none.
std::string difference(const Json& file, const Json& now) {
  const auto value = [](const Json& object, const std::string& name) {
    return object.contains(name) ? to_line(object[name]) : "at its default";
  };
  for (const Json* side : {&now, &file}) {
    for (const auto& [name, ignored] : side->items()) {
      const std::string before = value(file, name), after = value(now, name);
      if (before == after) continue;
      if (now.value(name, Json()).is_object() && file.value(name, Json()).is_object()) {
        return difference(file[name], now[name]);
      }
      return fmt::format("{} {}, not {}", name, before, after);
    }
  }
  return "";
}

}  // namespace

Results read_results(const std::string& path) {
  const std::string text = read_text_file(path);
  Results results;
  int number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    read_line(path, ++number, text.substr(begin, end - begin), results);
    begin = end + 1;
  }
  if (number == 0) fail_at(path, 1);
  return results;
}

ResultsFile::ResultsFile(const std::string& path, const Json& settings)
    : path_(path), results_{settings, {}} {
  if (path.empty()) return;
  std::error_code none;
  const bool there = std::filesystem::file_size(path, none) > 0 && !none;
  if (there) take_up();
  file_.reset(std::fopen(path.c_str(), there ? "ab" : "wb"));
  if (!file_) {
    const std::error_code reason(errno, std::generic_category());
    throw Failure(fmt::format("The file {} cannot be written: {}.", path, reason.message()));
  }
  if (!there) write({{"settings", settings}});
}

void ResultsFile::take_up() {
  Results before = read_results(path_);
  if (const std::string differs = difference(before.settings, results_.settings); !differs.empty()) {
    throw Failure(fmt::format("{} holds results of another run: {}. Give another --out, or delete the file.",
                              path_, differs));
  }
  for (size_t i = 0; i < before.items.size(); ++i) index_[before.items[i].id] = i;
  results_ = std::move(before);
  // A line that was cut short has no new line behind it.
  const std::string text = read_text_file(path_);
  std::filesystem::resize_file(path_, text.rfind('\n') + 1);
}

void ResultsFile::add(const ItemResult& item) {
  index_[item.id] = results_.items.size();
  results_.items.push_back(item);
  if (file_) write(to_json(item));
}

void ResultsFile::write(const Json& line) {
  const std::string text = to_line(line) + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    const std::error_code reason(errno, std::generic_category());
    throw Failure(fmt::format("The file {} cannot be written: {}.", path_, reason.message()));
  }
}

}  // namespace cli
