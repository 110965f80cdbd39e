// Which block a session is at: blocks are worked on from left to right.
//
// With token editing (LLaDA2.1, arXiv 2602.08676; option edit_threshold) every step also judges the tokens
// that stand in the block. Once it has no masks, further steps do nothing else, until one edits nothing or
// there were max_post_steps of them: two tokens may take turns for ever, each making the other improbable.
#pragma once

#include <vector>

#include "decode/denoiser.h"

namespace unmask::decode {

class BlockCursor {
 public:
  // The session must outlive it. Throws invalid_argument where its blocks are too long to be edited, and
  // unsupported where its model cannot be.
  explicit BlockCursor(const Session& session);

  // Moves on to the first block that is not finished. There must be one. Whether it had to move.
  bool advance();

  const std::vector<Window>& windows() const { return windows_; }  // of all blocks
  size_t index() const { return index_; }
  Window window() const { return windows_[index_]; }

  // Whether no step will change the block any more.
  bool finished() const;

  // The request for a step on the block, with what it may edit. Every step asks once.
  Request step(Request request);

 private:
  bool edits() const { return session_->options().edit_threshold < 1; }

  const Session* session_;
  std::vector<Window> windows_;
  size_t index_ = 0;
  uint32_t steps_ = 0, post_steps_ = 0;  // of the block
  uint64_t revisions_ = 0;               // of the session before the last post step
};

}  // namespace unmask::decode
