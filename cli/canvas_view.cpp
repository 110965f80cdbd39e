#include "canvas_view.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <span>
#include <string_view>

#include <fmt/format.h>

namespace cli {

namespace {
constexpr std::string_view plain;
constexpr std::string_view faint = "2";
constexpr std::string_view decided = "1;32";    // bold green
constexpr std::string_view drafted = "33";      // yellow
constexpr std::string_view rejected = "31";     // red
constexpr std::string_view mask_block = " ░░";  // like a word with its blank
}  // namespace

CanvasView::CanvasView(const unmask_model* model, const unmask_session* session)
    : model_(model),
      session_(session),
      mask_token_(info_of(model).mask_token),
      prompt_length_(static_cast<size_t>(check_count(unmask_session_prompt_length(session)))) {
  std::fputs(hide_cursor, stdout);
}

CanvasView::~CanvasView() {
  std::fputs(show_cursor, stdout);
  std::fflush(stdout);
}

void CanvasView::draw(const std::map<int32_t, int32_t>& fresh, const std::string& status) {
  // What has scrolled off the screen cannot be overwritten: the last lines must do, with one for the cursor.
  redraw(styled_canvas(fresh), status, static_cast<size_t>(std::max(stdout_size().rows - 1, 1)));
}

void CanvasView::finish(const std::string& text, const std::string& status) {
  redraw({{std::string(plain), text}}, status, std::numeric_limits<size_t>::max());
}

// Neighbours of one style are decoded together: a character may be spread over several tokens.
std::vector<StyledText> CanvasView::styled_canvas(const std::map<int32_t, int32_t>& fresh) const {
  const std::vector<int32_t> tokens = canvas_of(session_);
  const auto style_at = [&](size_t position) {
    const auto event = fresh.find(static_cast<int32_t>(position));
    if (tokens[position] == mask_token_)
      return event != fresh.end() && event->second == UNMASK_EVENT_REJECTED ? rejected : faint;
    if (event == fresh.end()) return plain;
    return event->second == UNMASK_EVENT_DRAFTED ? drafted : decided;
  };
  std::vector<StyledText> texts;
  for (size_t begin = prompt_length_; begin < tokens.size();) {
    const std::string_view style = style_at(begin);
    size_t end = begin + 1;
    while (end < tokens.size() && style_at(end) == style) ++end;
    std::string text;
    if (tokens[begin] == mask_token_) {
      for (size_t i = begin; i < end; ++i) text += mask_block;
    } else {
      text = detokenize(model_, std::span(tokens).subspan(begin, end - begin), false);
    }
    texts.push_back({std::string(style), std::move(text)});
    begin = end;
  }
  return texts;
}

void CanvasView::redraw(const std::vector<StyledText>& texts, const std::string& status, size_t most_lines) {
  const int columns = stdout_size().columns;
  std::vector<std::string> lines = lay_out(texts, columns);
  for (std::string& line : lay_out({{std::string(faint), status}}, columns)) lines.push_back(std::move(line));
  const size_t shown = std::min(lines.size(), most_lines);
  std::string frame = lines_ == 0 ? "\r" : fmt::format("\r\x1b[{}A", lines_);
  for (size_t i = lines.size() - shown; i < lines.size(); ++i) frame += lines[i] + "\x1b[K\n";
  frame += "\x1b[J";
  std::fwrite(frame.data(), 1, frame.size(), stdout);
  std::fflush(stdout);
  lines_ = shown;
}

}  // namespace cli
