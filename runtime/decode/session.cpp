#include "decode/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/error.h"

namespace unmask::decode {

Session::Session(std::shared_ptr<const model::Model> model, const SessionOptions& options)
    : model_(std::move(model)), options_(options) {
  options_.resolve_block(model_->config.block_length);
  set_prompt({});
}

void Session::set_prompt(std::span<const int32_t> prompt) {
  require(!attached_, Status::wrong_state,
          "The session's prompt cannot change while a decoder has it; destroy the decoder first.");
  const model::ModelConfig& config = model_->config;
  uint64_t canvas = prompt.size() + uint64_t{options_.length};
  if (const uint64_t block = attention_block(); block > 0) canvas = (canvas + block - 1) / block * block;
  require(canvas <= config.positions || options_.stride > 0, Status::invalid_argument,
          "A prompt of {} tokens and a length of {} need {} positions, but the model has {}. Shorten one of "
          "them, or set option 'stride' for a strategy that can write longer texts.",
          prompt.size(), options_.length, canvas, config.positions);
  for (size_t i = 0; i < prompt.size(); ++i) {
    require(prompt[i] >= 0 && static_cast<uint32_t>(prompt[i]) < config.vocabulary, Status::invalid_argument,
            "Token {} of the prompt is {}, outside the model's vocabulary of {}.", i, prompt[i],
            config.vocabulary);
  }
  tokens_.assign(prompt.begin(), prompt.end());
  tokens_.resize(canvas, mask_token());
  prompt_length_ = static_cast<uint32_t>(prompt.size());
  masks_left_ = static_cast<uint32_t>(canvas - prompt.size());
  statistics_ = {};
  events_.clear();
}

uint32_t Session::masks_in(uint32_t begin, uint32_t end) const {
  return static_cast<uint32_t>(std::count(tokens_.begin() + begin, tokens_.begin() + end, mask_token()));
}

uint32_t Session::first_mask() const {
  return static_cast<uint32_t>(std::ranges::find(tokens_, mask_token()) - tokens_.begin());
}

void Session::commit(uint32_t position, int32_t token) {
  assert(position >= prompt_length_ && position < length() && token != mask_token());
  const int32_t previous = std::exchange(tokens_[position], token);
  if (previous == mask_token()) {
    --masks_left_;
  } else {
    ++statistics_.revisions;
  }
  events_.push_back({position, token, previous, static_cast<uint32_t>(statistics_.forward_passes)});
}

void Session::finish_with_end_tokens() {
  std::replace(tokens_.begin() + prompt_length_, tokens_.end(), mask_token(), end_token());
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
