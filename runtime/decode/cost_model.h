// How many states to draft before the next verification: the number with the most progress per second, by
// measured costs and acceptance (the cost model of SimSD, Cui et al. 2026, arXiv 2606.02544, for measured
// passes). Where even one draft loses time, none; it is tried again now and then.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace unmask::decode {

class CostModel {
 public:
  // Wall-clock seconds of one pass of the drafter, and of a verification of so many states at once, those of
  // all texts. Not of passes that had to be recorded first.
  void observe_draft(double seconds);
  void observe_verification(uint32_t states, double seconds);

  // How many of the drafted states, one after the other, the verifier would have reached as well.
  void observe_acceptance(uint32_t accepted, uint32_t drafted);

  // Drafts of each of `texts` for the next round, at most `most`. The first rounds measure what costs nothing
  // is known of.
  uint32_t next(uint32_t most, uint32_t texts = 1);

  // Expected steps of plain decoding per text in a round with so many drafts, and expected seconds of the
  // round.
  double steps(uint32_t drafts) const;
  double seconds(uint32_t drafts) const;

  // What the last answer was decided by.
  std::string explanation() const;

 private:
  uint32_t choose(uint32_t most) const;
  double verification(uint32_t states) const;

  double acceptance_ = 0.7;                  // of a draft, given that those before were accepted
  double draft_seconds_ = 0;                 // of one pass
  std::map<uint32_t, double> verification_;  // seconds by states
  uint32_t texts_ = 1;                       // in the next round
  uint32_t rounds_without_ = 0;              // since something was drafted
  uint32_t last_ = 0;                        // answer
};

}  // namespace unmask::decode
