#include "emit.h"

#include <bit>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace unmask::kernelgen {
namespace {

const char* cpp_type(Scalar type) {
  switch (type) {
    case Scalar::int32:
      return "int32_t";
    case Scalar::float32:
      return "float";
    case Scalar::boolean:
      return "bool";
    default:
      return "uint32_t";
  }
}

std::string literal(const ConstantInterface& c) {
  switch (c.type) {
    case Scalar::int32:
      return fmt::format("{}", static_cast<int32_t>(c.default_bits));
    case Scalar::float32:
      return fmt::format("std::bit_cast<float>({:#x}u)", c.default_bits);
    case Scalar::boolean:
      return c.default_bits ? "true" : "false";
    default:
      return fmt::format("{}u", c.default_bits);
  }
}

std::string word(const ConstantInterface& c) {
  const bool reinterpret = c.type == Scalar::float32 || c.type == Scalar::int32;
  return fmt::format("{}(constants.{})", reinterpret ? "std::bit_cast<uint32_t>" : "uint32_t", c.name);
}

const char* access_type(const BufferInterface& b) {
  return !b.writes ? "Read" : b.reads ? "ReadWrite" : "Write";
}
const char* access_value(const BufferInterface& b) {
  return !b.writes ? "read" : b.reads ? "read_write" : "write";
}

bool has_variants(const KernelSource& kernel) { return !kernel.variants.front().name.empty(); }

template <typename List, typename Line>
std::string each(const List& items, Line line) {
  std::string text;
  for (const auto& item : items) text += line(item);
  return text;
}

template <typename List, typename Item>
std::string list(const List& items, Item item) {
  std::vector<std::string> texts;
  for (const auto& i : items) texts.push_back(item(i));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string emit_spirv(size_t index, const std::vector<uint32_t>& spirv) {
  std::string text = fmt::format("constexpr uint32_t spirv_{}[] = {{", index);
  for (size_t i = 0; i < spirv.size(); ++i) text += fmt::format("{}{:#x},", i % 12 ? "" : "\n    ", spirv[i]);
  return text + "\n};\n";
}

std::string emit_kernel(const KernelSource& kernel, size_t index) {
  const std::string& variant = kernel.variants[index].name;
  return fmt::format("    {{\"{}{}{}\", spirv_{}, {}, {}, {}u, {}u}},\n", kernel.name,
                     variant.empty() ? "" : ".", variant, index,
                     kernel.interface.buffers.empty() ? "{}" : "buffer_bindings",
                     kernel.interface.constants.empty() ? "{}" : "constant_list", kernel.interface.push_bytes,
                     kernel.requirements);
}

// In a namespace of their own, since the sources of several kernels may be compiled as one.
std::string emit_tables(const KernelSource& kernel) {
  std::string text;
  for (size_t i = 0; i < kernel.variants.size(); ++i) text += emit_spirv(i, kernel.variants[i].spirv);
  if (!kernel.interface.buffers.empty())
    text += "constexpr graph::BufferBinding buffer_bindings[] = {\n" +
            each(kernel.interface.buffers,
                 [](const BufferInterface& b) {
                   return fmt::format("    {{\"{}\", graph::Access::{}}},\n", b.name, access_value(b));
                 }) +
            "};\n";
  if (!kernel.interface.constants.empty())
    text += "constexpr graph::Constant constant_list[] = {\n" +
            each(kernel.interface.constants,
                 [](const ConstantInterface& c) {
                   return fmt::format("    {{\"{}\", {}u, {}u}},\n", c.name, c.id, c.default_bits);
                 }) +
            "};\n";
  text += "const graph::Kernel kernels[] = {\n";
  for (size_t i = 0; i < kernel.variants.size(); ++i) text += emit_kernel(kernel, i);
  return text + "};\n";
}

}  // namespace

std::string emit_header(const KernelSource& kernel) {
  const std::string stem = kernel.stem();
  std::string text = fmt::format(
      "// Written by kernelgen from shaders/{}.comp.\n#pragma once\n\n#include <bit>\n#include "
      "<cstddef>\n#include "
      "<cstdint>\n#include <vector>\n\n#include \"graph/kernel.h\"\n\nnamespace unmask::kernels {{\n\nstruct "
      "{} {{\n",
      kernel.name, stem);
  if (has_variants(kernel))
    text += "  enum class Variant : uint32_t { " +
            list(kernel.variants, [](const Variant& v) { return v.name; }) + " };\n";
  text += "  struct Buffers {\n" + each(kernel.interface.buffers, [](const BufferInterface& b) {
            return fmt::format("    graph::{} {};\n", access_type(b), b.name);
          });
  text += "  };\n  struct Push {\n" + each(kernel.interface.push, [](const PushField& f) {
            return fmt::format("    {} {};\n", cpp_type(f.type), f.name);
          });
  text += "  };\n  struct Constants {\n" + each(kernel.interface.constants, [](const ConstantInterface& c) {
            return fmt::format("    {} {} = {};\n", cpp_type(c.type), c.name, literal(c));
          });
  text += fmt::format(
      "  }};\n\n  static const graph::Kernel& kernel({});\n"
      "  static std::vector<graph::Slice> slices(const Buffers& buffers);\n"
      "  static std::vector<uint32_t> values(const Constants& constants);\n}};\n",
      has_variants(kernel) ? "Variant variant" : "");
  for (const PushField& f : kernel.interface.push)
    text += fmt::format("static_assert(offsetof({}::Push, {}) == {});\n", stem, f.name, f.offset);
  return text + "\n}  // namespace unmask::kernels\n";
}

std::string emit_source(const KernelSource& kernel) {
  const std::string stem = kernel.stem();
  const bool variants = has_variants(kernel);
  std::string text = fmt::format(
      "// Written by kernelgen from shaders/{}.comp.\n#include \"kernels/{}.h\"\n\nnamespace unmask::kernels "
      "{{\nnamespace {}_tables {{\n\n",
      kernel.name, stem, stem);
  text += emit_tables(kernel);
  text += fmt::format(
      "\n}}  // namespace {}_tables\n\nconst graph::Kernel& {}::kernel({}) {{ return {}_tables::kernels[{}]; "
      "}}\n\n",
      stem, stem, variants ? "Variant variant" : "", stem, variants ? "static_cast<uint32_t>(variant)" : "0");
  text += fmt::format(
      "std::vector<graph::Slice> {}::slices([[maybe_unused]] const Buffers& buffers) {{\n  return "
      "{{{}}};\n}}\n\n",
      stem, list(kernel.interface.buffers, [](const BufferInterface& b) {
        return fmt::format("buffers.{}.slice", b.name);
      }));
  text += fmt::format(
      "std::vector<uint32_t> {}::values([[maybe_unused]] const Constants& constants) {{\n  return "
      "{{{}}};\n}}\n",
      stem, list(kernel.interface.constants, word));
  return text + "\n}  // namespace unmask::kernels\n";
}

}  // namespace unmask::kernelgen
