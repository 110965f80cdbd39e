// Ctrl-C: the first asks the program to end at the next step; the second ends it at once.
#pragma once

namespace cli {

void catch_interrupts();

bool interrupted();

// Throws the failure that ends the program, after Ctrl-C.
[[noreturn]] void fail_interrupted();

}  // namespace cli
