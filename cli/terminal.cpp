#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include <fmt/format.h>

namespace cli {

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

TerminalSize stdout_size() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

StatusLine::~StatusLine() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void StatusLine::show(const std::string& text) {
  if (!stderr_is_terminal()) return;
  shown_ = true;
  fmt::print(stderr, "\r{}\x1b[K", text);
  std::fflush(stderr);
}

void StatusLine::show_progress(std::string_view what, double fraction, std::string_view more) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  constexpr int width = 30;
  const int done = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  show(fmt::format("{} [{:#<{}}{:.<{}}] {:.0f}%{}", what, "", done, "", width - done, 100 * fraction, more));
}

namespace {

constexpr char32_t replacement = 0xFFFD;

// Takes the first character off `text`; `replacement` for a byte that begins none.
char32_t next_character(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xC2 ? 0
                        : lead < 0xE0 ? 2
                        : lead < 0xF0 ? 3
                        : lead < 0xF5 ? 4
                                      : 0;
  char32_t character = length == 1 ? lead : lead & (0x7Fu >> length);
  bool valid = length > 0 && length <= text.size();
  for (size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xC0) == 0x80;
    character = character << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  valid = valid && character >= least[length] && character <= 0x10FFFF && (character & ~0x7FFu) != 0xD800;
  text.remove_prefix(valid ? length : 1);
  return valid ? character : replacement;
}

std::string encode(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
}

struct CharacterRange {
  char32_t first, last;
};

bool is_in(char32_t c, std::initializer_list<CharacterRange> ranges) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](CharacterRange r) { return c >= r.first && c <= r.last; });
}

// Columns of a terminal. The common blocks only: an exotic character may shift a line until the next redraw.
int width_of(char32_t c) {
  if (is_in(c, {{0x300, 0x36F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}})) return 0;
  const bool wide = is_in(c, {{0x1100, 0x115F},
                              {0x2E80, 0xA4CF},
                              {0xAC00, 0xD7A3},
                              {0xF900, 0xFAFF},
                              {0xFE30, 0xFE6F},
                              {0xFF00, 0xFF60},
                              {0x1F300, 0x1FAFF},
                              {0x20000, 0x3FFFD}});
  return wide ? 2 : 1;
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

// Lines under construction: breaks before the column limit, and closes and reopens the style around a break.
class LineBuilder {
 public:
  explicit LineBuilder(int columns) : columns_(columns) {}

  void set_style(const std::string& style) {
    close_style();
    style_ = style;
    open_style();
  }

  void put(char32_t c) {
    if (c == '\n') return break_line();
    if (is_control(c)) return;
    if (column_ + width_of(c) > columns_) break_line();
    lines_.back() += encode(c);
    column_ += width_of(c);
  }

  std::vector<std::string> finish() {
    close_style();
    return std::move(lines_);
  }

 private:
  void open_style() {
    if (!style_.empty()) lines_.back() += "\x1b[" + style_ + "m";
  }
  void close_style() {
    if (!style_.empty()) lines_.back() += "\x1b[0m";
  }
  void break_line() {
    close_style();
    lines_.emplace_back();
    column_ = 0;
    open_style();
  }

  int columns_, column_ = 0;
  std::string style_;
  std::vector<std::string> lines_{1};
};

}  // namespace

std::vector<std::string> lay_out(const std::vector<StyledText>& texts, int columns) {
  LineBuilder lines(std::max(columns, 2));
  for (const StyledText& t : texts) {
    lines.set_style(t.style);
    for (std::string_view rest = t.text; !rest.empty();) lines.put(next_character(rest));
  }
  return lines.finish();
}

}  // namespace cli
