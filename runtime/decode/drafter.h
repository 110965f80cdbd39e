// A cheaper model that drafts for a verifier: its canvas follows the verifier's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "decode/block_rule.h"
#include "decode/denoiser.h"

namespace unmask::decode {

// Throws invalid_argument where a drafter's vocabulary, canvas or blocks are not those of its session.
void require_same_text(const Session& drafter, const Session& session);

class Drafter {
 public:
  // Both sessions must outlive it. Throws as require_same_text.
  Drafter(Session& session, const Session& verifier);

  // The request for its next step on a block of its verifier, or nothing where no mask is left.
  std::optional<Request> next(uint32_t index, Window block);

  // What it has filled since the last call.
  std::vector<Fill> take();

  // Its canvas becomes the verifier's, on the device too.
  void follow(const Session& verifier, uint32_t index, Denoiser& denoiser);

 private:
  Session* session_;
  std::unique_ptr<BlockRule> rule_;
  std::vector<Window> windows_;
  uint32_t steps_done_ = 0;  // on the present block, since it last followed
};

}  // namespace unmask::decode
