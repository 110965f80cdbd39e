#include "decoding.h"

#include "interrupt.h"

namespace cli {

namespace {

std::vector<unmask_session*> handles_of(const std::vector<Session>& sessions) {
  std::vector<unmask_session*> handles;
  for (const Session& s : sessions) handles.push_back(s.get());
  return handles;
}

}  // namespace

Decoder make_decoder(const std::vector<Session>& sessions, const std::vector<Session>& drafters,
                     const std::string& strategy) {
  const std::vector<unmask_session*> writers = handles_of(sessions);
  const auto count = static_cast<int32_t>(writers.size());
  if (drafters.empty()) return Decoder(check(unmask_decoder_create(writers.data(), count, strategy.c_str())));
  return Decoder(check(unmask_decoder_create_with_drafters(writers.data(), handles_of(drafters).data(), count,
                                                           strategy.c_str())));
}

void step(unmask_decoder* decoder, unmask_progress* progress) {
  if (interrupted()) check(unmask_decoder_cancel(decoder));
  const unmask_status status = unmask_decoder_step(decoder, progress);
  if (status == UNMASK_CANCELLED) fail_interrupted();
  check(status);
}

unmask_statistics statistics_of(const unmask_session* session) {
  auto statistics = initialised(unmask_statistics_init);
  check(unmask_session_get_statistics(session, &statistics));
  return statistics;
}

}  // namespace cli
