#include "model_flags.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "interrupt.h"
#include "terminal.h"

namespace cli {

void ModelFlags::add_to(CLI::App& command) {
  command
      .add_option("-m,--model", model,
                  "A Hugging Face folder (config.json, *.safetensors, tokenizer.json) or a GGUF file.")
      ->type_name("PATH")
      ->required();
  add_device_to(command);
}

void ModelFlags::add_device_to(CLI::App& command) {
  command.add_option("--device", device, "An index, a part of a name, or a UUID; see `unmask devices`.")
      ->type_name("DEVICE");
}

Device ModelFlags::open_device() const { return Device(check(unmask_device_open(device.c_str()))); }

Model load_model(unmask_device* device, const std::string& path) {
  catch_interrupts();
  const Loader loader(check(unmask_loader_create(device, path.c_str())));
  StatusLine status;
  for (int32_t finished = 0; finished == 0;) {
    check(unmask_loader_step(loader.get(), &finished));
    if (interrupted()) fail_interrupted();
    const double total = static_cast<double>(unmask_loader_bytes_total(loader.get()));
    const double done = static_cast<double>(unmask_loader_bytes_done(loader.get()));
    status.show_progress("Loading", total > 0 ? done / total : 1);
  }
  return Model(check(unmask_loader_take_model(loader.get())));
}

std::vector<int32_t> parse_tokens(const std::string& text) {
  std::vector<int32_t> tokens;
  const char* const separators = " ,\t\r\n";
  for (size_t begin = text.find_first_not_of(separators); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(separators, begin), text.size());
    int32_t token = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, token);
    if (error != std::errc() || stop != text.data() + end) {
      throw CLI::ValidationError(fmt::format("'{}' is not a token id; give whole numbers such as \"1 2 3\".",
                                             text.substr(begin, end - begin)));
    }
    tokens.push_back(token);
    begin = text.find_first_not_of(separators, end);
  }
  if (tokens.empty()) throw CLI::ValidationError("Give at least one token id, such as \"1 2 3\".");
  return tokens;
}

}  // namespace cli
