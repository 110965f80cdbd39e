#include "interrupt.h"

#include <unistd.h>

#include <csignal>

#include "handles.h"
#include "terminal.h"

namespace cli {

namespace {

volatile std::sig_atomic_t seen = 0;

// The cursor may be hidden, and the next Ctrl-C ends the program without another chance to show it.
void on_interrupt(int) {
  seen = 1;
  if (isatty(STDOUT_FILENO) == 1) {
    [[maybe_unused]] const auto written = write(STDOUT_FILENO, show_cursor, sizeof(show_cursor) - 1);
  }
}

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() { return seen != 0; }

void fail_interrupted() { throw Failure("Interrupted.", exit_interrupted); }

}  // namespace cli
