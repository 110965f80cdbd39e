// unmask convert: a Hugging Face folder becomes a GGUF file, its weights quantised on the way.
#include <memory>

#include <fmt/format.h>

#include "commands.h"
#include "handles.h"
#include "interrupt.h"
#include "terminal.h"

namespace cli {

namespace {

constexpr const char* description =
    "Write a Hugging Face folder as one GGUF file, which every command takes as its model, with the weights "
    "in a smaller\n"
    "type. Matrices whose rows are no whole number of the type's blocks (of 256 weights in q4_k and q6_k, "
    "else 32) get\n"
    "another, which is said; vectors stay f32.";

struct ConvertFlags {
  std::string source, destination, type = "q8_0";
};

std::string type_names() {
  std::string names;
  for (int32_t i = 0; i < unmask_weight_type_count(); ++i)
    names += fmt::format("{}{}", i > 0 ? "|" : "", unmask_weight_type_name(i));
  return names;
}

void convert(const ConvertFlags& flags) {
  catch_interrupts();
  const Converter converter(
      check(unmask_converter_create(flags.source.c_str(), flags.destination.c_str(), flags.type.c_str())));
  StatusLine status;
  for (int32_t finished = 0; finished == 0;) {
    check(unmask_converter_step(converter.get(), &finished));
    if (interrupted()) fail_interrupted();
    const double total = static_cast<double>(unmask_converter_bytes_total(converter.get()));
    status.show_progress("Converting",
                         static_cast<double>(unmask_converter_bytes_done(converter.get())) / total);
  }
  for (int32_t i = 0; i < unmask_converter_note_count(converter.get()); ++i)
    fmt::print("{}\n", unmask_converter_note(converter.get(), i));
}

}  // namespace

void add_convert(CLI::App& program) {
  const auto flags = std::make_shared<ConvertFlags>();
  CLI::App* command = program.add_subcommand("convert", description);
  command->add_option("SRC", flags->source, "A Hugging Face folder.")->type_name("")->required();
  command->add_option("DST", flags->destination, "The GGUF file to write.")->type_name("")->required();
  command->add_option("--type", flags->type, "The type of the weights.")
      ->type_name(type_names())
      ->capture_default_str();
  command->callback([flags] { convert(*flags); });
}

}  // namespace cli
