// The base path that every kernel keeps to, so that it runs on any Vulkan 1.1 device ("No GPU is special").
#pragma once

#include <cstdint>
#include <string>

#include "interface.h"

namespace unmask::kernelgen {

// Requirement bits (graph/kernel.h) named in the shader's first comment: "// requires: subgroup_broadcast".
// Throws for a name it does not know.
uint32_t read_requirements(const std::string& shader, const std::string& text);

// Throws an Error whose sentence names the shader and the rule it breaks.
void check(const std::string& shader, const Interface& interface, uint32_t requirements);

}  // namespace unmask::kernelgen
