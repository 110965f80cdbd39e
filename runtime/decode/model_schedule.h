// Which of two models takes which steps of a sampler: a heavy one, or a light one where the choice matters
// less (model scheduling, Sedykh et al. 2026, arXiv 2604.02340: the first and the last steps).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace unmask::decode {

// How far a sampler has come when a step begins: it has done so many of its steps, or where their number is
// not known beforehand, filled so many of the masks that it began with.
struct Stage {
  uint32_t done = 0, whole = 0;
  bool counts_steps = false;
};

// A list of segments, from all masked to nothing masked.
class ModelSchedule {
 public:
  // No schedule: nothing is said about models.
  ModelSchedule() = default;

  // "H", "L", "L125,H750,L125" (steps), "L0.125,H0.75,L0.125" (shares, which sum to 1), or "sandwich:0.25"
  // (that share is light, half of it at each end); empty: no schedule. Throws invalid_argument for anything
  // else.
  explicit ModelSchedule(std::string_view text);

  bool given() const { return !segments_.empty(); }
  bool uses_light() const;

  // Whether the light model takes the step that begins there. Steps are counted where the sampler counts
  // them; otherwise the segments are shares of its masks. There must be a schedule. Throws invalid_argument
  // where the sampler's steps are not as many as the segments have.
  bool is_light(const Stage& stage) const;

 private:
  struct Segment {
    bool light;
    double size;  // steps, or a share of the whole
  };

  void append(std::string_view segment);
  void require_sum_of_shares() const;
  double size() const;

  std::vector<Segment> segments_;
  bool in_steps_ = false;
};

}  // namespace unmask::decode
