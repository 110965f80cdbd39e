#include "infill.h"

#include <regex>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr size_t most_digits = 5;  // of a gap; its masks must fit a canvas

void append(std::vector<int32_t>& canvas, const std::vector<int32_t>& tokens) {
  canvas.insert(canvas.end(), tokens.begin(), tokens.end());
}

size_t masks_of(const std::smatch& gap) {
  const std::string digits = gap[1];
  const size_t count = digits.size() <= most_digits ? std::stoul(digits) : 0;
  if (count == 0) throw Failure(fmt::format("A gap of {} tokens cannot be filled.", digits));
  return count;
}

}  // namespace

void set_gaps(const unmask_model* model, unmask_session* session, const std::string& text) {
  static const std::regex gap(R"(\{(\d+)\})");
  const unmask_model_info info = info_of(model);
  const int64_t prompt_length = check_count(unmask_session_prompt_length(session));
  std::vector<int32_t> canvas = canvas_of(session);
  canvas.resize(static_cast<size_t>(prompt_length));
  auto rest = text.cbegin();
  for (std::sregex_iterator found(text.begin(), text.end(), gap), none; found != none; ++found) {
    append(canvas, tokenize(model, std::string(rest, (*found)[0].first), false));
    canvas.insert(canvas.end(), masks_of(*found), info.mask_token);
    rest = (*found)[0].second;
  }
  if (rest == text.cbegin()) throw Failure("The text to fill has no gap; write one of eight tokens as {8}.");
  append(canvas, tokenize(model, std::string(rest, text.cend()), false));
  if (info.end_token >= 0) canvas.push_back(info.end_token);
  check(
      unmask_session_set_canvas(session, canvas.data(), static_cast<int64_t>(canvas.size()), prompt_length));
}

}  // namespace cli
