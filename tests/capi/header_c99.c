/* The header as a C99 compiler sees it, with every type used as a caller would. */
#include <unmask.h>

int use_of_the_header(void);

int use_of_the_header(void) {
  unmask_shape shape;
  unmask_progress progress;
  unmask_session* sessions[2] = {NULL, NULL};
  unmask_decoder* decoder = unmask_decoder_create(sessions, 2, "vanilla");
  unmask_shape_init(&shape);
  unmask_progress_init(&progress);
  return decoder == NULL && unmask_decoder_step(decoder, &progress) == UNMASK_INVALID_ARGUMENT;
}
