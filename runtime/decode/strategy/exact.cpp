// A drafter proposes states of the text, and the verifier's plain decoding goes through as many of them as it
// would have come to: its tokens exactly (see verified_text.h).
#include "decode/drafter.h"
#include "decode/verified_text.h"

namespace unmask::decode {

namespace {

class Exact final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override { return verification_.begin(sessions); }

  Capacity begin_drafters(std::span<Session* const> drafters) override {
    for (size_t i = 0; i < drafters.size(); ++i)
      drafters_.emplace_back(*drafters[i], verification_.texts()[i].session());
    return capacity_of_blocks(drafters);
  }

  bool round(Run& run) override {
    const std::vector<uint32_t> drafting = verification_.begin_round();
    const uint32_t length = verification_.draft_length(drafting);
    for (uint32_t i = 0; i < length && draft(run, drafting); ++i) {
    }
    const bool going = verification_.verify(run, drafting);
    for (uint32_t i = 0; i < drafters_.size(); ++i)
      drafters_[i].follow(*run.sessions[i], i, *run.drafter_denoiser);
    return going;
  }

  std::string explanation() const override { return verification_.explanation(); }

 private:
  // One more state of every text that has masks left. Whether there was any.
  bool draft(Run& run, std::span<const uint32_t> drafting) {
    std::vector<Request> requests;
    for (const uint32_t i : drafting)
      if (const auto block = verification_.texts()[i].drafted_block())
        if (auto request = drafters_[i].next(i, *block)) requests.push_back(std::move(*request));
    if (requests.empty()) return false;
    const Answers answers = run.drafter_denoiser->step(requests);
    if (answers.seconds) verification_.costs().observe_draft(*answers.seconds);
    for (const Request& r : requests) verification_.texts()[r.session].draft(drafters_[r.session].take());
    return true;
  }

  Verification verification_;
  std::vector<Drafter> drafters_;
};

}  // namespace

std::unique_ptr<Strategy> make_exact() { return std::make_unique<Exact>(); }

}  // namespace unmask::decode
