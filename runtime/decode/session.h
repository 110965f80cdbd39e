// One sequence being written: its canvas, options, random seed and counters. Which device rows it occupies is
// the denoiser's business.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "decode/options.h"
#include "decode/schedule.h"
#include "model/model.h"

namespace unmask::decode {

// What a session has cost so far. Rows and FLOPs are of this session alone, without padding.
struct Statistics {
  uint64_t forward_passes = 0;
  uint64_t rows = 0;               // computed, summed over passes
  uint64_t head_rows = 0;          // of them through the LM head
  uint64_t flops = 0;              // a multiply-add is two
  uint64_t bytes_read_back = 0;    // device to host
  uint64_t largest_read_back = 0;  // in one step
  uint64_t revisions = 0;          // tokens that took the place of others
  uint64_t drafted = 0;            // tokens put forward to be verified
  uint64_t accepted = 0;           // of them, those that stayed
};

enum class EventKind : uint8_t {
  committed,  // a mask became a token
  revised,    // a token took the place of another, or (token = mask) was taken back
  drafted,    // a mask became a token that is to be verified
  accepted,   // a drafted token stays; the position does not change
  rejected,   // a drafted token was taken back, or replaced
};

// Why a drafted token was rejected.
enum class Reason : uint8_t {
  none,
  disagrees,   // the verifier would have put another token there
  improbable,  // the verifier finds it too improbable
  displaced,   // it was drafted after one that was rejected
};

// What happened to a position. Every event leaves its `token` there.
struct Event {
  uint32_t position;
  int32_t token;
  int32_t previous;  // what was there before
  uint32_t step;     // forward pass in which it happened, from 1
  EventKind kind = EventKind::committed;
  Reason reason = Reason::none;
  float probability = -1;  // of a judged token, in the verifier's distribution; -1: not known
};

// The row that predicts a position: models made from autoregressive ones do so in the row before it.
inline uint32_t predicting_position(const model::ModelConfig& config, uint32_t position) {
  return config.shifted_logits && position > 0 ? position - 1 : position;
}

// Not thread-safe.
class Session {
 public:
  Session(std::shared_ptr<const model::Model> model, const SessionOptions& options);

  // The canvas becomes the prompt followed by `length` masks, and by a few more where a block-causal model
  // needs its last block whole. Clears counters and events. Throws invalid_argument for ids outside the
  // vocabulary or, without option stride, a canvas longer than the model's positions; wrong_state while a
  // decoder has it.
  void set_prompt(std::span<const int32_t> prompt);

  // The canvas becomes `tokens`, in which the mask token stands for what is to be written; option length then
  // is what follows the prompt. Otherwise as set_prompt.
  void set_canvas(std::span<const int32_t> tokens, uint32_t prompt_length);

  // Positions after the prompt change, to tokens or to masks; no events. Throws invalid_argument for
  // positions outside, in the prompt or pinned; wrong_state while a decoder has the session.
  void write(Window window, std::span<const int32_t> tokens);
  void mask(Window window);

  // Pinned tokens stay, whatever writes, masks or revises. Only tokens are pinned, not masks. Throws as
  // write.
  void pin(Window window, bool on);
  bool pinned(uint32_t position) const { return pinned_[position]; }

  const model::Model& model() const { return *model_; }
  const std::shared_ptr<const model::Model>& shared_model() const { return model_; }
  const SessionOptions& options() const { return options_; }      // resolved for the model and the canvas
  const SessionOptions& given_options() const { return given_; }  // as they came

  std::span<const int32_t> tokens() const { return tokens_; }
  std::span<const int32_t> generated() const { return std::span(tokens_).subspan(prompt_length_); }
  uint32_t length() const { return static_cast<uint32_t>(tokens_.size()); }
  uint32_t prompt_length() const { return prompt_length_; }
  int32_t mask_token() const { return model_->config.mask_token; }
  int32_t end_token() const { return model_->config.end_token; }
  bool masked(uint32_t position) const { return tokens_[position] == mask_token(); }
  uint32_t masks_left() const { return masks_left_; }
  uint32_t masks_in(uint32_t begin, uint32_t end) const;
  uint32_t first_mask() const;  // position; length() when there is none

  // Positions in a block of the model's block-causal attention; 0: every row sees every key.
  uint32_t attention_block() const { return model_->config.block_length > 0 ? options_.block : 0; }

  // The blocks of the generated region, in the order they are filled.
  std::vector<Window> blocks() const;

  // Whether this token ends a text: the end token, or the one that ends a turn of the chat layout.
  bool ends_text(int32_t token) const { return token == end_token() || token == model_->end_of_turn_token; }

  // A token of the canvas, not pinned, changes. Keeps the mask count and appends an event.
  void commit(uint32_t position, int32_t token);

  // The same, to a token or a mask, with the event that a strategy has to tell.
  void change(uint32_t position, int32_t token, EventKind kind, Reason reason = Reason::none,
              float probability = -1);

  // A drafted token is taken back for good: what is drawn there next has noise of its own, even if as many
  // masks are left as before.
  void remask(uint32_t position, Reason reason, float probability);
  uint32_t times_remasked(uint32_t position) const { return times_remasked_[position]; }

  // The canvas of a drafter becomes as its verifier's; no events.
  void copy_canvas(const Session& verifier);

  // Fills every mask left with the end token, or, where the model has none, with the token that ended the
  // text: it is over. Not events, nobody predicted these.
  void finish_with_end_tokens();

  // Whether a token that ends the text stands with no mask before it.
  bool ended() const;

  // The generated tokens before the first that ends the text.
  std::span<const int32_t> answer() const;

  Statistics& statistics() { return statistics_; }
  const Statistics& statistics() const { return statistics_; }

  // A decoder takes the session, and gives it back when it goes. Throws wrong_state if another one has it.
  void attach();
  void detach() { attached_ = false; }

  // Events since the last call, oldest first.
  std::vector<Event> take_events();

 private:
  void begin(std::span<const int32_t> tokens, uint32_t prompt_length, uint32_t length);
  void require_free() const;
  void require_writable(Window window) const;
  void require_ids(std::span<const int32_t> tokens) const;
  void count_masks();

  std::shared_ptr<const model::Model> model_;
  SessionOptions given_;    // as they came
  SessionOptions options_;  // resolved for the model and the canvas
  std::vector<int32_t> tokens_;
  std::vector<bool> pinned_;
  std::vector<uint32_t> times_remasked_;  // per position
  uint32_t prompt_length_ = 0;
  uint32_t masks_left_ = 0;
  Statistics statistics_;
  std::vector<Event> events_;
  bool attached_ = false;
};

}  // namespace unmask::decode
