// Writes the C++ face of a kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interface.h"

namespace unmask::kernelgen {

struct Variant {
  std::string name;             // empty for a kernel without variants
  std::vector<uint32_t> spirv;  // optimised
};

struct KernelSource {
  std::string name;  // "<family>/<stem>"
  Interface interface;
  uint32_t requirements;
  std::vector<Variant> variants;

  std::string stem() const { return name.substr(name.rfind('/') + 1); }
};

std::string emit_header(const KernelSource& kernel);
std::string emit_source(const KernelSource& kernel);

}  // namespace unmask::kernelgen
