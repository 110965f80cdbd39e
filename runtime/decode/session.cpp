#include "decode/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/error.h"

namespace unmask::decode {

Session::Session(std::shared_ptr<const model::Model> model, const SessionOptions& options)
    : model_(std::move(model)), given_(options), options_(options) {
  set_prompt({});
}

void Session::set_prompt(std::span<const int32_t> prompt) {
  begin(prompt, static_cast<uint32_t>(prompt.size()), given_.length);
}

void Session::set_canvas(std::span<const int32_t> tokens, uint32_t prompt_length) {
  require(prompt_length < tokens.size(), Status::invalid_argument,
          "A canvas of {} tokens with a prompt of {} has no place to write.", tokens.size(), prompt_length);
  begin(tokens, prompt_length, static_cast<uint32_t>(tokens.size()) - prompt_length);
}

// `length` positions follow the prompt: the tokens there are, then masks.
void Session::begin(std::span<const int32_t> tokens, uint32_t prompt_length, uint32_t length) {
  require_free();
  require_ids(tokens);
  SessionOptions options = given_;
  options.length = length;
  options.resolve_block(model_->config.block_length);
  if (!options.steps_given) options.steps = length;
  uint64_t canvas = prompt_length + uint64_t{length};
  if (const uint64_t block = model_->config.block_length > 0 ? options.block : 0; block > 0)
    canvas = (canvas + block - 1) / block * block;
  require(canvas <= model_->config.positions || options.stride > 0, Status::invalid_argument,
          "A prompt of {} tokens and a length of {} need {} positions, but the model has {}. Shorten one of "
          "them, or set option 'stride' for a strategy that can write longer texts.",
          prompt_length, length, canvas, model_->config.positions);
  options_ = options;
  tokens_.assign(tokens.begin(), tokens.end());
  tokens_.resize(canvas, mask_token());
  pinned_.assign(canvas, false);
  times_remasked_.assign(canvas, 0);
  prompt_length_ = prompt_length;
  count_masks();
  statistics_ = {};
  events_.clear();
}

void Session::write(Window window, std::span<const int32_t> tokens) {
  require_writable(window);
  require_ids(tokens);
  std::ranges::copy(tokens, tokens_.begin() + window.begin);
  count_masks();
}

void Session::mask(Window window) {
  require_writable(window);
  std::fill(tokens_.begin() + window.begin, tokens_.begin() + window.end, mask_token());
  count_masks();
}

void Session::pin(Window window, bool on) {
  require_free();
  for (uint32_t p = window.begin; on && p < window.end; ++p)
    require(!masked(p), Status::invalid_argument, "Position {} is masked; only tokens can be pinned.", p);
  std::fill(pinned_.begin() + window.begin, pinned_.begin() + window.end, on);
}

void Session::require_free() const {
  require(!attached_, Status::wrong_state,
          "The session's canvas cannot change while a decoder has it; destroy the decoder first.");
}

void Session::require_writable(Window window) const {
  require_free();
  require(window.begin >= prompt_length_, Status::invalid_argument,
          "Position {} is in the prompt, which is {} tokens long and does not change.", window.begin,
          prompt_length_);
  for (uint32_t p = window.begin; p < window.end; ++p)
    require(!pinned(p), Status::invalid_argument, "Position {} is pinned; unpin it first.", p);
}

void Session::require_ids(std::span<const int32_t> tokens) const {
  const uint32_t vocabulary = model_->config.vocabulary;
  for (size_t i = 0; i < tokens.size(); ++i) {
    require(tokens[i] >= 0 && static_cast<uint32_t>(tokens[i]) < vocabulary, Status::invalid_argument,
            "Token {} of those given is {}, outside the model's vocabulary of {}.", i, tokens[i], vocabulary);
  }
}

void Session::count_masks() { masks_left_ = masks_in(prompt_length_, length()); }

uint32_t Session::masks_in(uint32_t begin, uint32_t end) const {
  return static_cast<uint32_t>(std::count(tokens_.begin() + begin, tokens_.begin() + end, mask_token()));
}

uint32_t Session::first_mask() const {
  return static_cast<uint32_t>(std::ranges::find(tokens_, mask_token()) - tokens_.begin());
}

void Session::commit(uint32_t position, int32_t token) {
  assert(token != mask_token());
  change(position, token, masked(position) ? EventKind::committed : EventKind::revised);
}

void Session::change(uint32_t position, int32_t token, EventKind kind, Reason reason, float probability) {
  assert(position >= prompt_length_ && position < length() && !pinned(position));
  const int32_t previous = std::exchange(tokens_[position], token);
  masks_left_ += (token == mask_token()) - (previous == mask_token());
  if (kind == EventKind::revised) ++statistics_.revisions;
  events_.push_back({position, token, previous, static_cast<uint32_t>(statistics_.forward_passes), kind,
                     reason, probability});
}

void Session::remask(uint32_t position, Reason reason, float probability) {
  change(position, mask_token(), EventKind::rejected, reason, probability);
  ++times_remasked_[position];
}

void Session::copy_canvas(const Session& verifier) {
  assert(verifier.length() == length());
  tokens_ = verifier.tokens_;
  times_remasked_ = verifier.times_remasked_;
  count_masks();
}

void Session::finish_with_end_tokens() {
  const auto ending = std::find_if(tokens_.begin() + prompt_length_, tokens_.end(),
                                   [&](int32_t token) { return ends_text(token); });
  assert(ending != tokens_.end());
  const int32_t filler = end_token() >= 0 ? end_token() : *ending;
  std::replace(tokens_.begin() + prompt_length_, tokens_.end(), mask_token(), filler);
  masks_left_ = 0;
}

std::vector<Window> Session::blocks() const {
  // Block-causal attention fixes the blocks from position 0 on; otherwise they begin where the prompt ends.
  return decode::blocks({prompt_length_, length()}, options_.block,
                        attention_block() > 0 ? 0 : prompt_length_);
}

bool Session::ended() const {
  for (const int32_t token : generated()) {
    if (token == mask_token()) return false;
    if (ends_text(token)) return true;
  }
  return false;
}

std::span<const int32_t> Session::answer() const {
  const std::span<const int32_t> all = generated();
  const auto end = std::ranges::find_if(all, [&](int32_t token) { return ends_text(token); });
  return all.first(static_cast<size_t>(end - all.begin()));
}

void Session::attach() {
  require(!attached_, Status::wrong_state,
          "The session already belongs to a decoder (or is listed twice); destroy that decoder first.");
  attached_ = true;
}

std::vector<Event> Session::take_events() { return std::exchange(events_, {}); }

}  // namespace unmask::decode
