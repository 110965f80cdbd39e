// How many states to draft before the next verification: the number with the most progress per second, by
// measured costs and acceptance (the cost model of SimSD, Cui et al. 2026, arXiv 2606.02544, for measured
// passes). Where that gains no more than a tenth, none; one is tried again now and then.
#pragma once

#include <cstdint>
#include <string>

namespace unmask::decode {

// What a pass takes, as a straight line in its rows: of weighted least squares through what was measured, the
// latest the most.
class PassCost {
 public:
  void observe(double rows, double seconds);
  double seconds(double rows) const;
  bool known() const { return weight_ > 0; }

 private:
  double weight_ = 0;
  double rows_ = 0, seconds_ = 0;      // means
  double squares_ = 0, products_ = 0;  // means of the rows' deviations squared, and times those of the seconds
};

class CostModel {
 public:
  // Seconds of one pass of the drafter, and of one of the verifier with so many rows, drafts or not. Not of
  // passes in which something was compiled or measured first.
  void observe_draft(double seconds);
  void observe_verification(uint32_t rows, double seconds);

  // How many of the drafted states, one after the other, the verifier would have reached as well.
  void observe_acceptance(uint32_t accepted, uint32_t drafted);

  // Drafts of each text for the next round, at most `most`. `rows`: of one state of every text. The first
  // rounds measure what costs nothing is known of.
  uint32_t next(uint32_t most, uint32_t rows);

  // Expected steps of plain decoding per text in a round with so many drafts, and expected seconds of the
  // round.
  double steps(uint32_t drafts) const;
  double seconds(uint32_t drafts) const;

  // What the last answer was decided by.
  std::string explanation() const;

 private:
  uint32_t choose(uint32_t most) const;
  bool knows_what_rows_take() const;

  double acceptance_ = 0.7;  // of a draft, given that those before were accepted
  double draft_seconds_ = 0;
  PassCost verification_;
  uint32_t least_rows_ = 0, most_rows_ = 0;  // measured
  uint32_t rows_ = 0;                        // of one state of every text, in the next round
  uint32_t rounds_without_ = 0;              // since something was drafted
  uint32_t last_ = 0;                        // answer
};

}  // namespace unmask::decode
