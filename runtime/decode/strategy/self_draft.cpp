// The verifier drafts for itself: from how its last step has ranked the masks that are left (FreeDave, Wu and
// Zhang 2025, arXiv 2510.00294). A round is one pass, and writes what plain decoding would have, exactly (see
// verified_text.h).
#include "decode/verified_text.h"

namespace unmask::decode {

namespace {

class SelfDraft final : public Strategy {
 public:
  Capacity begin(std::span<Session* const> sessions) override { return verification_.begin(sessions); }

  bool round(Run& run) override {
    const std::vector<uint32_t> drafting = verification_.begin_round();
    const uint32_t length = verification_.draft_length(drafting);
    for (const uint32_t i : drafting) verification_.texts()[i].draft_from_ranking(length);
    return verification_.verify(run, drafting);
  }

  std::string explanation() const override { return verification_.explanation(); }

 private:
  Verification verification_;
};

}  // namespace

std::unique_ptr<Strategy> make_self_draft() { return std::make_unique<SelfDraft>(); }

}  // namespace unmask::decode
