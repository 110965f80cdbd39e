#include "decode/random_order.h"

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"

namespace unmask::decode {

namespace {

// In the places of masks left and token in the noise counter: no step has the first, no noise on logits the
// second.
constexpr uint32_t no_masks_left = 0;

double reveal_time(uint64_t seed, uint32_t position) {
  const auto words = philox({no_masks_left, position, tensor::none, 0}, philox_key(seed));
  return uniform_from_bits(words[0]);
}

// A group too large to be read back at once becomes several, in the order of their times: as if time had
// finer steps.
void append_in_parts(const RevealGroup& group, std::vector<RevealGroup>& parts) {
  const std::span<const uint32_t> all = group.positions;
  for (size_t begin = 0; begin < all.size(); begin += most_commits_per_step) {
    const auto part = all.subspan(begin, std::min<size_t>(most_commits_per_step, all.size() - begin));
    parts.push_back({{part.begin(), part.end()}, group.sampled, group.stage});
  }
}

}  // namespace

std::vector<Reveal> draw_reveals(const Session& session, Window window) {
  std::vector<Reveal> reveals;
  for (const uint32_t position : masked_positions(session, window))
    reveals.push_back({position, reveal_time(session.options().seed, position)});
  std::ranges::stable_sort(reveals, std::greater{}, &Reveal::time);
  return reveals;
}

Window next_window(const Session& session) {
  const uint32_t positions = session.model().config.positions;
  if (session.length() <= positions) return {0, session.length()};
  const uint32_t filled = session.first_mask();
  const uint32_t end = std::min(session.length(), std::max(positions, filled + session.options().stride));
  return {end - positions, end};
}

RandomOrder::RandomOrder(const Session& session, Grouping grouping)
    : session_(&session), grouping_(std::move(grouping)) {
  const uint32_t positions = session.model().config.positions, stride = session.options().stride;
  require(stride <= positions, Status::invalid_argument,
          "A stride of {} tokens is longer than the model's {} positions; choose a shorter one.", stride,
          positions);
  const bool whole = session.length() <= positions;
  require(whole || (session.options().cache == "none" && session.attention_block() == 0),
          Status::invalid_argument,
          "A text longer than the model's positions is written in windows whose positions begin anew. That "
          "goes neither with a cache policy nor with attention by blocks.");
}

Request RandomOrder::next(uint32_t session) {
  if (groups_.empty()) begin_window();
  RevealGroup group = std::move(groups_.back());
  groups_.pop_back();
  std::ranges::sort(group.positions);
  const uint32_t masks = session_->masks_in(window_.begin, window_.end);
  const auto count = static_cast<uint32_t>(group.positions.size());
  return {.session = session,
          .window = window_,
          .positions = std::move(group.positions),
          .commitment = {.at_least = count},
          .visible = window_,
          .temperature = group.sampled ? sampling_temperature(session_->options()) : 0,
          .stage = group.stage.counts_steps ? group.stage : Stage{window_masks_ - masks, window_masks_}};
}

void RandomOrder::begin_window() {
  window_ = next_window(*session_);
  window_masks_ = session_->masks_in(window_.begin, window_.end);
  for (const RevealGroup& group : grouping_(draw_reveals(*session_, window_)))
    append_in_parts(group, groups_);
  std::ranges::reverse(groups_);
}

Capacity capacity(std::span<Session* const> sessions) {
  Capacity capacity{.windows = true};
  for (const Session* s : sessions) {
    const uint32_t masks = std::min(s->masks_left(), s->model().config.positions);
    capacity.candidates += std::min(masks, most_commits_per_step);
  }
  return capacity;
}

float sampling_temperature(const SessionOptions& options) {
  return options.temperature_given ? options.temperature : 1;
}

}  // namespace unmask::decode
