// What strategies share that let a verifier judge drafted tokens one by one.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "decode/denoiser.h"

namespace unmask::decode {

// Drafted tokens while they stand in a canvas and are not judged.
class OpenDrafts {
 public:
  // Puts them into the canvas; none may be open.
  void show(Session& session, std::vector<Fill> fills);

  bool holds(uint32_t position) const;

  // What a position has from now on: the token that was drafted there, another one, or the mask. `reason` is
  // why it is not the drafted one. A mask that nothing was drafted for is simply filled.
  void settle(Session& session, const Fill& fill, Reason reason, float probability = -1);

  // Those that are still open become masks again.
  void take_back(Session& session);

 private:
  std::vector<Fill> open_;
};

// Changes a session's canvas, and puts what has changed on the device.
void change_canvas(Session& session, uint32_t index, Denoiser& denoiser, const std::function<void()>& change);

// Two rows of each token of a block have a bit in the mask of a scratch row.
constexpr uint32_t most_judged_block = 32;

// Throws invalid_argument or unsupported where a strategy cannot judge tokens in the blocks of a session: its
// attention must go by blocks of at most so many tokens, and its options choose nothing but distributions
// that can be compared.
void require_judged_blocks(const Session& session, std::string_view strategy);

// Of the distributions that are compared: softmax(z / temperature).
float judging_temperature(const Session& session);

// Where the block of a window begins: the first window of a text leaves out what the prompt has of it.
uint32_t block_begin(const Session& session, Window window);

// Whether a judged token stays, by option acceptance; what takes its place if not.
bool accepts(const Session& session, const tensor::Verdict& verdict, int32_t token);
int32_t correction(const Session& session, const tensor::Verdict& verdict);

// A token of a verdict. Throws internal where the device found none.
int32_t token_of(const Session& session, uint32_t token);

// Why it was rejected.
Reason rejection_reason(const Session& session);

}  // namespace unmask::decode
