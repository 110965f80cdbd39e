// unmask logits: a forward pass as a NumPy file, for comparison with other implementations.
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "commands.h"
#include "model_flags.h"

namespace cli {

namespace {

static_assert(std::endian::native == std::endian::little, "the NumPy header says <f4");

struct LogitsFlags {
  ModelFlags model;
  std::string tokens, out;
};

// NumPy format 1.0: magic, version, length of the header, and the header padded so that the data begin at a
// multiple of 64 bytes.
std::string npy_header(size_t rows, size_t columns) {
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  constexpr size_t prefix = 10;
  text.append(63 - (prefix + text.size()) % 64, ' ');
  text += '\n';
  const std::string magic("\x93NUMPY\x01\x00", 8);
  return magic + static_cast<char>(text.size() & 0xFF) + static_cast<char>(text.size() >> 8) + text;
}

// A file that appears under its name only when it is complete.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path)
      : path_(path),
        temporary_(fmt::format("{}.{}.part", path, getpid())),
        file_(std::fopen(temporary_.c_str(), "wb")) {
    if (file_ == nullptr) fail();
  }
  ~AtomicFile() {
    if (file_ != nullptr) abandon();
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t bytes) {
    if (std::fwrite(data, 1, bytes, file_) != bytes) fail();
  }

  void commit() {
    std::FILE* const file = std::exchange(file_, nullptr);
    if (std::fclose(file) != 0 || std::rename(temporary_.c_str(), path_.c_str()) != 0) {
      const std::error_code reason(errno, std::generic_category());
      std::remove(temporary_.c_str());
      throw Failure(fmt::format("The file {} cannot be written: {}.", path_, reason.message()));
    }
  }

 private:
  [[noreturn]] void fail() {
    const std::error_code reason(errno, std::generic_category());
    if (file_ != nullptr) abandon();
    throw Failure(fmt::format("The file {} cannot be written: {}.", path_, reason.message()));
  }
  void abandon() {
    std::fclose(std::exchange(file_, nullptr));
    std::remove(temporary_.c_str());
  }

  std::string path_, temporary_;
  std::FILE* file_;
};

void write_logits(const LogitsFlags& flags) {
  const std::vector<int32_t> tokens = parse_tokens(flags.tokens);
  const LoadedModel loaded(flags.model);
  const auto vocabulary = static_cast<size_t>(info_of(loaded.model.get()).vocabulary);
  std::vector<float> logits(tokens.size() * vocabulary);
  check(unmask_model_logits(loaded.model.get(), tokens.data(), static_cast<int64_t>(tokens.size()),
                            logits.data(), static_cast<int64_t>(logits.size())));
  AtomicFile file(flags.out);
  const std::string header = npy_header(tokens.size(), vocabulary);
  file.write(header.data(), header.size());
  file.write(logits.data(), logits.size() * sizeof(float));
  file.commit();
}

}  // namespace

void add_logits(CLI::App& program) {
  const auto flags = std::make_shared<LogitsFlags>();
  CLI::App* command = program.add_subcommand(
      "logits", "Write the logits of a token sequence as a NumPy file: float32 [tokens, vocabulary].");
  flags->model.add_to(*command);
  command->add_option("--tokens", flags->tokens, "Token ids, as \"1 2 3\"; masks by their id.")
      ->type_name("IDS")
      ->required();
  command->add_option("-o,--out", flags->out, "The file to write; it appears when it is complete.")
      ->type_name("FILE.npy")
      ->required();
  command->callback([flags] { write_logits(*flags); });
}

}  // namespace cli
