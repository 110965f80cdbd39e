#include "csv.h"

namespace cli {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::vector<std::vector<std::string>> read() {
    while (!rest().empty()) {
      std::vector<std::string> record = {field()};
      while (take(',')) record.push_back(field());
      take('\r');
      take('\n');
      if (record.size() > 1 || !record[0].empty()) records_.push_back(std::move(record));
    }
    return std::move(records_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  bool take(char c) {
    if (rest().empty() || rest()[0] != c) return false;
    ++at_;
    return true;
  }

  std::string field() {
    if (take('"')) return quoted();
    const std::string_view plain = rest().substr(0, rest().find_first_of(",\r\n"));
    at_ += plain.size();
    return std::string(plain);
  }

  // Behind the opening quote. What follows the closing one belongs to the field, too.
  std::string quoted() {
    std::string result;
    while (!rest().empty()) {
      if (!take('"')) {
        result += text_[at_++];
      } else if (take('"')) {
        result += '"';
      } else {
        return result + field();
      }
    }
    return result;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<std::vector<std::string>> records_;
};

}  // namespace

std::vector<std::vector<std::string>> parse_csv(std::string_view text) { return Reader(text).read(); }

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace cli
