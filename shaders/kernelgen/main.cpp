// kernelgen: from the SPIR-V of one .comp file to a typed C++ header and a source with the SPIR-V embedded.
//
//   kernelgen SHADER.comp FAMILY/STEM HEADER.h SOURCE.cpp (VARIANT|- UNOPTIMISED.spv OPTIMISED.spv)...
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "emit.h"
#include "interface.h"
#include "rules.h"

namespace unmask::kernelgen {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), Status::not_found, "Cannot read '{}'.", path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<uint32_t> read_spirv(const std::string& path) {
  const std::string bytes = read_file(path);
  require(!bytes.empty() && bytes.size() % 4 == 0, Status::invalid_argument, "'{}' is not SPIR-V.", path);
  std::vector<uint32_t> words(bytes.size() / 4);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.data()));
  return words;
}

void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  require(file.good(), Status::io, "Cannot write '{}'.", path);
}

void generate(std::span<const std::string> arguments) {
  require(arguments.size() >= 7 && arguments.size() % 3 == 1, Status::invalid_argument,
          "Usage: kernelgen SHADER.comp FAMILY/STEM HEADER.h SOURCE.cpp (VARIANT|- UNOPTIMISED.spv "
          "OPTIMISED.spv)...");
  const std::string& shader = arguments[0];
  KernelSource kernel{arguments[1], {}, read_requirements(shader, read_file(shader)), {}};
  for (size_t i = 4; i < arguments.size(); i += 3) {
    const Interface interface = reflect(read_spirv(arguments[i + 1]));
    check(shader, interface, kernel.requirements);
    require(i == 4 || interface.same_call(kernel.interface), Status::unsupported,
            "{}: variant '{}' differs from '{}' in its buffers, push constants or specialisation constants.",
            shader, arguments[i], arguments[4]);
    kernel.interface = interface;
    kernel.variants.push_back({arguments[i] == "-" ? "" : arguments[i], read_spirv(arguments[i + 2])});
  }
  write_file(arguments[2], emit_header(kernel));
  write_file(arguments[3], emit_source(kernel));
}

}  // namespace
}  // namespace unmask::kernelgen

int main(int count, char** values) {
  try {
    const std::vector<std::string> arguments(values + 1, values + count);
    unmask::kernelgen::generate(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernelgen: %s\n", error.what());
    return 1;
  }
}
