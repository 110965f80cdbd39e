#include "decode/block_cursor.h"

#include <utility>

#include "base/error.h"

namespace unmask::decode {

BlockCursor::BlockCursor(const Session& s) : session_(&s), windows_(s.blocks()) {
  if (!edits()) return;
  require(s.options().block <= most_commits_per_step, Status::invalid_argument,
          "A block of {} tokens is too long to be edited; the most is {}.", s.options().block,
          most_commits_per_step);
  require(!s.model().config.shifted_logits, Status::unsupported,
          "This model predicts the token after each row and so cannot judge the row's own; set option "
          "'edit_threshold' to 1.");
}

bool BlockCursor::advance() {
  const size_t before = index_;
  while (finished()) ++index_, steps_ = post_steps_ = 0;
  return index_ != before;
}

bool BlockCursor::finished() const {
  const Window w = window();
  if (session_->masks_in(w.begin, w.end) > 0) return false;
  if (!edits() || steps_ == 0 || post_steps_ >= session_->options().max_post_steps) return true;
  return post_steps_ > 0 && session_->statistics().revisions == revisions_;
}

Request BlockCursor::step(Request request) {
  ++steps_;
  if (request.positions.empty()) ++post_steps_, revisions_ = session_->statistics().revisions;
  if (edits()) request.editable = filled_positions(*session_, request.window);
  return request;
}

}  // namespace unmask::decode
