// What the program knows of terminals: sizes, a status line, and text laid out in columns.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

inline constexpr char hide_cursor[] = "\x1b[?25l";
inline constexpr char show_cursor[] = "\x1b[?25h";

struct TerminalSize {
  int columns, rows;
};

bool stdout_is_terminal();
bool stderr_is_terminal();
TerminalSize stdout_size();  // 80 x 24 if it does not say

// One line on stderr that is overwritten in place. Does nothing where stderr is no terminal.
class StatusLine {
 public:
  ~StatusLine();
  void show(const std::string& text);
  void show_progress(std::string_view what, double fraction, std::string_view more = "");

 private:
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// Text with one style: the parameters of an SGR escape sequence ("2" is faint), empty for plain.
struct StyledText {
  std::string style;
  std::string text;
};

// Lines of at most `columns` columns, styles included. What is no UTF-8 becomes U+FFFD, and control
// characters but the new line are left out: a model's text must not be able to drive the terminal.
std::vector<std::string> lay_out(const std::vector<StyledText>& texts, int columns);

}  // namespace cli
