// A text with gaps, as the canvas of a session.
#pragma once

#include <string>

#include "handles.h"

namespace cli {

// The session's prompt is followed by `text`, in which {N} stands for N masks, and the token that ends a text
// where the model has one. Throws Failure without a gap, or with one of no tokens or too many.
void set_gaps(const unmask_model* model, unmask_session* session, const std::string& text);

}  // namespace cli
