// How strategy dual drafts next: in how many passes before it verifies, and how boldly. The length is the one
// with the most tokens per work; the work is counted, not timed, because here the tokens depend on it, and
// the same seed is to give the same tokens. If much is rejected it becomes shorter and more careful, if
// hardly anything is, longer and bolder.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "decode/options.h"

namespace unmask::decode {

class DraftPace {
 public:
  explicit DraftPace(const SessionOptions& options);

  // Of the next round.
  uint32_t length() const { return length_; }
  float threshold() const { return threshold_; }

  // The work of one pass, in any unit, and how many tokens it drafted.
  void observe_draft(double work, uint32_t tokens);

  // Ends a round: the work of its verification, in the same unit; how many tokens that added; of each drafted
  // token, in which pass it came, from 1; and how many were rejected. Sets what the next round does.
  void observe_verification(double work, uint32_t added, std::span<const uint32_t> passes, uint32_t rejected);

  std::string explanation() const;

 private:
  double tokens(uint32_t passes) const;
  uint32_t best_length() const;
  void react_to_rejections();

  bool adaptive_;
  uint32_t length_, longest_;
  float threshold_;
  // Exponential moving averages.
  double draft_work_ = 0, verify_work_ = 0;
  double drafted_ = 0;   // per pass
  double survival_ = 1;  // of a token, per pass that had drafted up to it
  double added_ = 0;     // per verification
  struct Count {
    uint32_t drafted, rejected;
  };
  std::array<Count, 3> last_ = {};  // rounds
  uint32_t rounds_ = 0;
};

}  // namespace unmask::decode
