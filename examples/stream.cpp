// Follows a text while it is written: stream MODEL PROMPT
// A diffusion model decides tokens in any order, so the stream is a sequence of events: which position became
// which token, and which one was revised.
#include <unmask.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace {

template <auto destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    destroy(object);
  }
};

template <typename T, auto destroy>
using Handle = std::unique_ptr<T, Destroyer<destroy>>;

template <typename T>
T* check(T* object) {
  if (object == nullptr) throw std::runtime_error(unmask_last_error());
  return object;
}

void check(unmask_status status) {
  if (status != UNMASK_OK) throw std::runtime_error(unmask_last_error());
}

void print(const unmask_model* model, const unmask_event& event) {
  char text[256] = "";
  unmask_model_detokenize(model, &event.token, 1, 1, text, sizeof text);
  std::printf("step %3d  position %4d  %s  %s\n", event.round, event.position,
              event.kind == UNMASK_EVENT_COMMITTED ? "is" : "is now", text);
}

void stream(const char* path, const char* prompt) {
  const Handle<unmask_device, unmask_device_destroy> device(check(unmask_device_open(nullptr)));
  const Handle<unmask_model, unmask_model_destroy> model(check(unmask_model_open(device.get(), path)));
  const Handle<unmask_session, unmask_session_destroy> session(
      check(unmask_session_create(model.get(), nullptr)));
  check(unmask_session_set_prompt(session.get(), prompt));
  unmask_session* sessions[] = {session.get()};
  const Handle<unmask_decoder, unmask_decoder_destroy> decoder(
      check(unmask_decoder_create(sessions, 1, nullptr)));

  unmask_progress progress;
  unmask_progress_init(&progress);
  unmask_event event;
  unmask_event_init(&event);
  while (progress.finished == 0) {
    check(unmask_decoder_step(decoder.get(), &progress));
    while (unmask_decoder_next_event(decoder.get(), &event) == 1) print(model.get(), event);
  }
  std::printf("\n%s\n", check(unmask_session_text(session.get())));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: %s MODEL PROMPT\n", argv[0]), 2;
  try {
    stream(argv[1], argv[2]);
    return 0;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
}
