// What commands that write texts share.
#pragma once

#include <string>
#include <vector>

#include "handles.h"

namespace cli {

// Steps `sessions` together; drafters[i] drafts for sessions[i], or there are none.
Decoder make_decoder(const std::vector<Session>& sessions, const std::vector<Session>& drafters,
                     const std::string& strategy);

// One round. After Ctrl-C it throws the failure that ends the program; the sessions keep what they have.
void step(unmask_decoder* decoder, unmask_progress* progress);

unmask_statistics statistics_of(const unmask_session* session);

}  // namespace cli
