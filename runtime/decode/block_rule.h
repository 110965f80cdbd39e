// What one step of a sampler asks for in a block, as a function of the masks that the block has. The samplers
// follow it; strategies that verify against them must know it for states that no step has reached yet.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "decode/request.h"

namespace unmask::decode {

struct BlockStep {
  std::vector<uint32_t> positions;  // candidates, ascending
  Commitment commitment;
};

class BlockRule {
 public:
  virtual ~BlockRule() = default;

  // A step on block `block` (of Session::blocks()) whose masked positions are `masked`, at least one, after
  // so many steps on the block.
  virtual BlockStep step(size_t block, std::vector<uint32_t> masked, uint32_t steps_done) const = 0;

  // How many steps lead from the block as it was at first to one with so many masks; for a number that no
  // step leads to, any answer. Throws unsupported where the masks do not tell.
  virtual uint32_t steps_done(size_t block, uint32_t masks) const = 0;

  // Whether a text may end before its block is finished.
  virtual bool ends_within_block() const = 0;

  // The step from a state of the block with these masks left, at least one. Throws as steps_done.
  BlockStep step_from_state(size_t block, std::vector<uint32_t> masked) const;
};

// Throws unsupported where the masks of some block of the session do not tell what a step from them is.
void require_states(const BlockRule& rule, const Session& session);

// Both throw invalid_argument for options that they cannot serve. The session must outlive them, and its
// blocks have the masks that they begin with.

// LLaDA's, see strategy/vanilla.cpp.
std::unique_ptr<BlockRule> make_vanilla_rule(const Session& session);

// SDAR's, see strategy/sdar.cpp.
std::unique_ptr<BlockRule> make_sdar_rule(const Session& session);

// The one that plain decoding of the session's model follows.
std::unique_ptr<BlockRule> make_plain_rule(const Session& session);

// With shifted logits the last row of a finished block predicts the first token of the next, like the
// autoregressive model it was: that token is taken before the new block is computed at all.
bool begins_with_the_row_before(const Session& session, Window window);

// The steps of each block of a session: option steps spread over them, or where it is not given, one per
// token. Throws invalid_argument if some would get none.
std::vector<uint32_t> steps_of_blocks(const Session& session);

}  // namespace unmask::decode
