// The subcommands. Each function declares one: its options, and what runs once they are parsed.
#pragma once

#include <CLI/CLI.hpp>

namespace cli {

void add_generate(CLI::App& program);
void add_devices(CLI::App& program);
void add_info(CLI::App& program);
void add_tokenize(CLI::App& program);
void add_logits(CLI::App& program);
void add_bench(CLI::App& program);
void add_convert(CLI::App& program);
void add_eval(CLI::App& program);
void add_compare(CLI::App& program);
void add_analyze(CLI::App& program);

}  // namespace cli
