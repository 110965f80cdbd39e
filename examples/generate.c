/* Asks a model one question: generate MODEL QUESTION
 * Objects are created from one another and destroyed in any order; NULL goes through all calls as an error.
 */
#include <stdio.h>
#include <unmask.h>

int main(int argc, char** argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s MODEL QUESTION\n", argv[0]), 2;

  unmask_device* device = unmask_device_open(NULL); /* the best there is, or UNMASK_DEVICE */
  unmask_model* model = device ? unmask_model_open(device, argv[1]) : NULL;
  unmask_options* options = unmask_options_create();
  unmask_options_set_integer(options, "length", 32);
  unmask_session* session = model ? unmask_session_create(model, options) : NULL;
  unmask_decoder* decoder = NULL;
  unmask_progress progress;
  unmask_progress_init(&progress);

  unmask_status status = session ? unmask_session_set_chat(session, argv[2]) : unmask_last_status();
  if (status == UNMASK_OK) decoder = unmask_decoder_create(&session, 1, "vanilla");
  if (status == UNMASK_OK && !decoder) status = unmask_last_status();
  while (status == UNMASK_OK && !progress.finished) status = unmask_decoder_step(decoder, &progress);

  if (status == UNMASK_OK) {
    puts(unmask_session_text(session));
  } else {
    fprintf(stderr, "%s: %s\n", unmask_status_name(status), unmask_last_error());
  }
  unmask_decoder_destroy(decoder);
  unmask_session_destroy(session);
  unmask_options_destroy(options);
  unmask_model_destroy(model);
  unmask_device_destroy(device);
  return status == UNMASK_OK ? 0 : 1;
}
