// The canvas, live in the terminal: what is generated, masks as faint blocks, and in colours what the last
// step did: green tokens are decided, yellow ones drafted, red masks drafted tokens that were rejected.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "handles.h"
#include "terminal.h"

namespace cli {

// Draws on stdout, in place. Hides the cursor while it lives.
class CanvasView {
 public:
  CanvasView(const unmask_model* model, const unmask_session* session);
  ~CanvasView();
  CanvasView(const CanvasView&) = delete;
  CanvasView& operator=(const CanvasView&) = delete;

  // The canvas as it is now; `fresh`: what happened last to each position in the last step, an
  // unmask_event_kind. `status` goes below.
  void draw(const std::map<int32_t, int32_t>& fresh, const std::string& status);

  // The text in its last form.
  void finish(const std::string& text, const std::string& status);

 private:
  std::vector<StyledText> styled_canvas(const std::map<int32_t, int32_t>& fresh) const;
  void redraw(const std::vector<StyledText>& texts, const std::string& status, size_t most_lines);

  const unmask_model* model_;
  const unmask_session* session_;
  int32_t mask_token_;
  size_t prompt_length_;
  size_t lines_ = 0;  // on the screen, above the cursor
};

}  // namespace cli
