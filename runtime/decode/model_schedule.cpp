#include "decode/model_schedule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/error.h"

namespace unmask::decode {

namespace {

constexpr std::string_view sandwich = "sandwich:";
constexpr double most_steps = 1 << 20;

[[noreturn]] void refuse(std::string_view part) {
  fail(Status::invalid_argument,
       "'{}' is no part of a schedule. Write H or L for one model alone, \"L125,H750,L125\" for steps of the "
       "heavy and the light model, \"L0.125,H0.75,L0.125\" for shares of the whole, or \"sandwich:0.25\" for "
       "half of a light share at each end.",
       part);
}

// Digits, with a point between some of them or not.
std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || last != end || !std::isfinite(value) || text.starts_with('-'))
    return std::nullopt;
  return value;
}

}  // namespace

ModelSchedule::ModelSchedule(std::string_view text) {
  if (text.empty()) return;
  if (text == "H" || text == "L") {
    segments_ = {{text == "L", 1}};
    return;
  }
  if (text.starts_with(sandwich)) {
    const std::optional<double> share = number_of(text.substr(sandwich.size()));
    if (!share || *share <= 0 || *share >= 1) refuse(text);
    segments_ = {{true, *share / 2}, {false, 1 - *share}, {true, *share / 2}};
    return;
  }
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    append(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!in_steps_) require_sum_of_shares();
}

void ModelSchedule::append(std::string_view segment) {
  const bool named = segment.starts_with('L') || segment.starts_with('H');
  const std::optional<double> size = named ? number_of(segment.substr(1)) : std::nullopt;
  if (!size || *size <= 0 || *size > most_steps) refuse(segment);
  const bool in_steps = segment.find('.') == std::string_view::npos;
  require(segments_.empty() || in_steps == in_steps_, Status::invalid_argument,
          "The part '{}' of a schedule {}, and the parts before it {}; use one of them throughout.", segment,
          in_steps ? "counts steps" : "is a share", in_steps ? "are shares" : "count steps");
  in_steps_ = in_steps;
  segments_.push_back({segment.front() == 'L', *size});
}

void ModelSchedule::require_sum_of_shares() const {
  require(std::abs(size() - 1) < 1e-6, Status::invalid_argument,
          "The shares of a schedule must sum to 1, but sum to {}.", size());
}

double ModelSchedule::size() const {
  double sum = 0;
  for (const Segment& s : segments_) sum += s.size;
  return sum;
}

bool ModelSchedule::uses_light() const { return std::ranges::any_of(segments_, &Segment::light); }

bool ModelSchedule::is_light(const Stage& stage) const {
  require(!in_steps_ || !stage.counts_steps || size() == stage.whole, Status::invalid_argument,
          "The schedule has {} steps, but the sampler takes {}. Let its parts sum to that, or write shares, "
          "such as \"L0.125,H0.75,L0.125\".",
          size(), stage.whole);
  // The middle of the step, so that the two ends are treated alike.
  const double at = (stage.done + 0.5) / std::max(stage.whole, 1u) * size();
  double end = 0;
  for (const Segment& s : segments_)
    if (at < (end += s.size)) return s.light;
  return segments_.back().light;
}

}  // namespace unmask::decode
