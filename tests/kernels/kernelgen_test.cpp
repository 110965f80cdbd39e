// kernelgen refuses shaders that not every device can run, and says which rule they break.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "emit.h"
#include "graph/kernel.h"
#include "rules.h"

namespace unmask::kernelgen {
namespace {

using testing::HasSubstr;

// A shader of one workgroup size and a body of declarations, as unoptimised SPIR-V.
std::vector<uint32_t> compile(const std::string& shader) {
  const std::string base =
      testing::TempDir() + "kernelgen_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(base + ".comp") << shader;
  const std::string command =
      UNMASK_GLSLANG " --quiet -V --target-env vulkan1.1 -o '" + base + ".spv' '" + base + ".comp'";
  EXPECT_EQ(std::system(command.c_str()), 0) << shader;
  std::ifstream file(base + ".spv", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<uint32_t> words(bytes.size() / 4);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(words.data()));
  return words;
}

std::string shader(const std::string& declarations, const std::string& body = "",
                   const std::string& size = "64") {
  return "#version 450\n#extension GL_KHR_shader_subgroup_ballot : enable\nlayout(local_size_x = " + size +
         ") in;\n" + declarations + "\nvoid main() { " + body + " }\n";
}

std::string complaint(const std::string& text, uint32_t requirements = 0) {
  try {
    check("bad.comp", reflect(compile(text)), requirements);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

constexpr const char* buffer_x = "layout(set = 0, binding = 0) readonly buffer X { float x[]; };";
constexpr const char* buffer_y = "layout(set = 0, binding = 1) buffer Y { float y[]; };";

TEST(KernelgenRules, AcceptTheBasePath) {
  EXPECT_EQ(complaint(shader(std::string(buffer_x) + buffer_y, "y[0] = x[0];", "128")), "accepted");
}

TEST(KernelgenRules, NameTheFile) { EXPECT_THAT(complaint(shader("", "", "129")), HasSubstr("bad.comp")); }

TEST(KernelgenRules, Invocations) {
  EXPECT_THAT(complaint(shader("", "", "129")), HasSubstr("129 invocations"));
}

TEST(KernelgenRules, InvocationsOfDefaultConstants) {
  const std::string text =
      "#version 450\nlayout(local_size_x_id = 0) in;\n"
      "layout(constant_id = 0) const uint workgroup = 256;\nvoid main() {}\n";
  EXPECT_THAT(complaint(text), HasSubstr("256 invocations"));
}

TEST(KernelgenRules, SharedMemory) {
  EXPECT_THAT(
      complaint(shader("layout(constant_id = 0) const uint n = 4; shared vec4 s[n * 257];", "s[0].x = 1.0;")),
      HasSubstr("16448 bytes of shared memory"));
}

TEST(KernelgenRules, Capabilities) {
  EXPECT_THAT(complaint(shader(std::string(buffer_x) + buffer_y, "y[0] = subgroupBroadcast(x[1], 2);")),
              HasSubstr("'// requires:'"));
  EXPECT_EQ(complaint(shader(std::string(buffer_x) + buffer_y, "y[0] = subgroupBroadcast(x[1], 2);"),
                      static_cast<uint32_t>(graph::Requirement::subgroup_broadcast)),
            "accepted");
}

TEST(KernelgenRules, GapsBetweenBindings) {
  EXPECT_THAT(complaint(shader(buffer_y, "y[0] = 1.0;")), HasSubstr("without gaps"));
}

TEST(KernelgenRules, TooManyBuffers) {
  std::string buffers, body;
  for (int i = 0; i < 9; ++i) {
    const std::string n = std::to_string(i);
    buffers += "layout(set = 0, binding = " + n + ") buffer B" + n + " { float b" + n + "[]; };\n";
    body += "b" + n + "[0] = 1.0;";
  }
  EXPECT_THAT(complaint(shader(buffers, body)), HasSubstr("9 storage buffers"));
}

TEST(KernelgenRules, BuffersHoldOneArray) {
  EXPECT_THAT(
      complaint(shader("layout(set = 0, binding = 0) buffer X { uint n; float x[]; };", "x[0] = 1.0;")),
      HasSubstr("2 members"));
}

TEST(KernelgenRules, OnlyStorageBuffers) {
  EXPECT_THAT(complaint(shader("layout(set = 0, binding = 0) uniform U { uint n; };")),
              HasSubstr("not a storage buffer"));
}

TEST(KernelgenRules, PushConstantsAreScalars) {
  EXPECT_THAT(complaint(shader("layout(push_constant) uniform P { vec2 v; } push;")), HasSubstr("'v'"));
}

TEST(KernelgenRules, PushConstantsAreFew) {
  std::string members;
  for (int i = 0; i < 33; ++i) members += "uint m" + std::to_string(i) + "; ";
  EXPECT_THAT(complaint(shader("layout(push_constant) uniform P { " + members + "} push;")),
              HasSubstr("132 bytes of push constants"));
}

TEST(KernelgenRules, ConstantsAreNumberedFromZero) {
  EXPECT_THAT(complaint(shader("layout(constant_id = 1) const uint n = 1;")), HasSubstr("0, 1, 2"));
}

TEST(KernelgenRules, UnknownRequirements) {
  EXPECT_EQ(read_requirements("a.comp", "// y = x\n// requires: subgroup_broadcast\nrequires: more\n"),
            static_cast<uint32_t>(graph::Requirement::subgroup_broadcast));
  EXPECT_THROW(read_requirements("a.comp", "// requires: telepathy\n"), Error);
}

TEST(KernelgenEmit, SpellsTheInterface) {
  const Interface interface = reflect(compile(shader(
      std::string(buffer_x) + buffer_y +
          "layout(set = 0, binding = 2) writeonly buffer Z { float z[]; };"
          "layout(constant_id = 0) const uint tile = 7; layout(constant_id = 1) const bool flip = true;"
          "layout(push_constant) uniform P { uint rows; float eps; } push;",
      "z[0] = y[push.rows] * x[tile] * push.eps;")));
  const std::string header = emit_header({"norm/scale", interface, 0, {{"f32", {}}, {"f16", {}}}});
  for (const char* line : {"struct scale {", "enum class Variant : uint32_t { f32, f16 };", "graph::Read x;",
                           "graph::ReadWrite y;", "graph::Write z;", "uint32_t rows;", "float eps;",
                           "uint32_t tile = 7u;", "bool flip = true;", "offsetof(scale::Push, eps) == 4"})
    EXPECT_THAT(header, HasSubstr(line));
}

}  // namespace
}  // namespace unmask::kernelgen
