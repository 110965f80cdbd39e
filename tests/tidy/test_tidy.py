"""Breaks every rule of tidy.py once, in a small tree of its own, and expects the sentence that says so."""

import tempfile
import unittest
from pathlib import Path

import tidy

SOUND = {
    "runtime/base/error.h": "#pragma once\n#include <string>\n",
    "runtime/model/arch/llada.cpp": '#include "base/error.h"\n#include "kernels/norm.h"\n',
    "runtime/model/arch/architectures.inc": "// One line per architecture.\nX(llada)\n",
    "runtime/model/CMakeLists.txt": "unmask_layer(model SOURCES arch/llada.cpp LINK unmask_tensor)\n",
    "runtime/vulkan/device.cpp": '#include <volk.h>\n#include "graph/recording.h"\n',
    "shaders/norm/rmsnorm.comp": "#version 450\n",
    "tests/kernels/rmsnorm.cpp": '#include "tensor/ops.h"\n',
    "cli/generate.cpp": '#include "options.h"\n#include <unmask.h>\n#include <CLI/CLI.hpp>\n',
    "cli/options.h": "#pragma once\n",
    "capi/unmask.h": "#ifndef UNMASK_H\n#define UNMASK_H\n#define UNMASK_TWICE(x) unmask_macro(x)\n"
                     "/* unmask_comment() */\nUNMASK_API int unmask_open(void);\n#endif\n",
    "capi/unmask.map": "UNMASK_0 {\n global:\n  unmask_open;\n local: *;\n};\n",
    "capi/abi.txt": "int unmask_open(void)\n",
}


class TidyTest(unittest.TestCase):
    def breaches(self, changes: dict) -> list[str]:
        """What tidy says of the sound tree with files changed, added, or (as None) left out."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in (SOUND | changes).items():
                if text is not None:
                    (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                    (Path(folder) / path).write_text(text)
            return tidy.breaches(Path(folder))

    def expect(self, sentence: str, changes: dict):
        self.assertEqual(self.breaches(changes), [sentence])

    def test_the_sound_tree_has_no_breach(self):
        self.assertEqual(self.breaches({}), [])

    def test_a_layer_includes_one_to_its_right(self):
        self.expect('runtime/base/error.h:2: the layer base may not include "graph/kernel.h" of the layer graph.',
                    {"runtime/base/error.h": '#pragma once\n#include "graph/kernel.h"\n'})

    def test_decoding_reaches_for_vulkan(self):
        self.expect('runtime/decode/canvas.cpp:1: the layer decode may not include "vulkan/device.h" of the layer '
                    'vulkan.', {"runtime/decode/canvas.cpp": '#include "vulkan/device.h"\n'})

    def test_an_include_is_relative_to_its_file(self):
        self.expect('runtime/base/half.cpp:1: include "half.h" from the root of runtime/, as in "base/error.h".',
                    {"runtime/base/half.cpp": '#include "half.h"\n'})

    def test_a_layer_links_one_to_its_right(self):
        self.expect("runtime/model/CMakeLists.txt: the layer model may not link to the layer decode.",
                    {"runtime/model/CMakeLists.txt": "unmask_layer(model LINK unmask_decode)\n"})

    def test_vulkan_headers_outside_the_vulkan_layer(self):
        self.expect("runtime/tensor/ops.cpp:1: only runtime/vulkan may include the Vulkan header vulkan/vulkan.h.",
                    {"runtime/tensor/ops.cpp": "#include <vulkan/vulkan.h>\n"})

    def test_the_program_includes_the_runtime(self):
        self.expect("cli/generate.cpp:1: cli may include only unmask.h and its own headers, not base/error.h.",
                    {"cli/generate.cpp": '#include "base/error.h"\n'})

    def test_a_kernel_without_a_twin(self):
        self.expect("shaders/norm/rmsnorm.comp: no twin tests/kernels/rmsnorm.cpp checks this kernel.",
                    {"tests/kernels/rmsnorm.cpp": None})

    def test_an_index_line_without_a_file(self):
        self.expect("runtime/model/arch/architectures.inc: X(dream) has no file runtime/model/arch/dream.cpp.",
                    {"runtime/model/arch/architectures.inc": "X(llada)\nX(dream)\n"})

    def test_a_file_without_an_index_line(self):
        self.expect("runtime/model/arch/architectures.inc: runtime/model/arch/dream.cpp has no line X(dream).",
                    {"runtime/model/arch/dream.cpp": ""})

    def test_a_folder_without_an_index(self):
        self.expect("runtime/cache/policy: files but no index runtime/cache/policy/policies.inc.",
                    {"runtime/cache/policy/none.cpp": ""})

    def test_a_long_file(self):
        self.expect("runtime/base/long.cpp: 501 lines, more than 500; split it by topic.",
                    {"runtime/base/long.cpp": "\n" * 501})

    def test_tabs_and_trailing_space(self):
        path = "runtime/base/half.cpp"
        self.expect(f"{path}:1: a tab; indent with spaces.", {path: "\tint x;\n"})
        self.expect(f"{path}:2: white space at the end of the line.", {path: "int x;\n \n"})
        self.expect(f"{path}: no new line at the end of the file.", {path: "int x;"})

    def test_an_unguarded_header(self):
        self.expect("runtime/base/half.h: no #pragma once.", {"runtime/base/half.h": "int x;\n"})

    def test_an_exported_function_missing_from_the_map(self):
        self.expect("capi/unmask.map: unmask_open is declared in capi/unmask.h but not listed here.",
                    {"capi/unmask.map": "UNMASK_0 {\n local: *;\n};\n"})

    def test_a_snapshot_of_a_function_that_is_gone(self):
        self.expect("capi/abi.txt: unmask_close is listed here but not declared in capi/unmask.h.",
                    {"capi/abi.txt": "int unmask_open(void)\nvoid unmask_close(void)\n"})

    def test_a_missing_snapshot(self):
        self.expect("capi/abi.txt: missing, but capi/unmask.h declares functions.", {"capi/abi.txt": None})

    def test_unfinished_work(self):
        word = tidy.FORBIDDEN_WORDS[0]
        self.expect(f"runtime/base/half.cpp:1: {word}; finish it, or open an issue and say nothing here.",
                    {"runtime/base/half.cpp": f"// {word}: round\n"})

    def test_generated_and_foreign_files_are_left_alone(self):
        self.assertEqual(self.breaches({"build/release/x.cpp": "\t", "tests/shared/prompts.txt": "a \tb"}), [])


if __name__ == "__main__":
    unittest.main()
