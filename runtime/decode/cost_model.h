// How many states to draft before the next verification: the number with the most progress per second, by
// measured costs and acceptance (the cost model of SimSD, Cui et al. 2026, arXiv 2606.02544, for measured
// passes). Where that gains no more than a tenth, none; one is tried again now and then.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace unmask::decode {

// A mean of which the latest values weigh the most.
struct RecentMean {
  double value = 0, weight = 0;

  bool known() const { return weight > 0; }
  void observe(double next);
};

// What a pass takes, as a straight line in its rows: of least squares through the means of what was measured,
// one for passes of up to 1, 3, 7, 15, ... rows. So the many passes of one size, which vary for other
// reasons, do not hide what the few of another have shown.
class PassCost {
 public:
  void observe(uint32_t rows, double seconds);
  double seconds(double rows) const;
  bool known() const;

 private:
  struct Means {
    RecentMean rows, seconds;
  };
  std::array<Means, 33> means_;  // by the bits that the number of rows has
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
  // rounds measure: one without drafts, and one with twice the rows of the smallest so far.
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
  RecentMean draft_seconds_;
  PassCost verification_;
  uint32_t least_rows_ = 0, most_rows_ = 0;  // measured
  uint32_t rows_ = 0;                        // of one state of every text, in the next round
  uint32_t rounds_without_ = 0;              // since something was drafted
  uint32_t last_ = 0;                        // answer
};

}  // namespace unmask::decode
